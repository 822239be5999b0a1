import { registerHooks } from 'node:module';

/**
 * Loaded with `--import` before the relay: swaps one source file for the text in RELAY_TEST_REPLACE_SOURCE, so that a test
 * can see that it is this file, and no copy, that runs. RELAY_TEST_REPLACE names the end of the file's path.
 */
const target = process.env['RELAY_TEST_REPLACE'];
const source = process.env['RELAY_TEST_REPLACE_SOURCE'];
if (target === undefined || source === undefined) throw new Error('RELAY_TEST_REPLACE and RELAY_TEST_REPLACE_SOURCE must be set');

registerHooks({
  load(url, context, nextLoad) {
    return url.endsWith(target) ? { format: 'module', source, shortCircuit: true } : nextLoad(url, context);
  },
});
