import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runRelay, scratchFolder } from '../support/relay-process.ts';

const replaceModule = pathToFileURL(join(import.meta.dirname, '../support/replace-module.ts')).href;

let scratch: ReturnType<typeof scratchFolder>;
beforeEach(() => {
  scratch = scratchFolder();
});
afterEach(() => scratch.remove());

const once = () => ['--once', '--port', '0', '--data-dir', join(scratch.path, 'state')];

/** Runs the demonstration with one source file swapped for another text. */
function runReplaced(file: string, source: string) {
  return runRelay(once(), { imports: [replaceModule], environment: { RELAY_TEST_REPLACE: file, RELAY_TEST_REPLACE_SOURCE: source } });
}

describe('npm start -- --once', () => {
  it('takes an Okta event the whole way to a verified webhook and exits 0', async () => {
    const { exitCode, output } = await runRelay(once());
    expect(output).toMatch(/✓ challenge answered/);
    expect(output).toMatch(/✓ event accepted\s+200 in \d+ ms/);
    expect(output).toMatch(/✓ change\s+identity\.user\.activated {2}id [0-9a-f-]{36}/);
    expect(output).toMatch(/✓ webhook delivered\s+in \d+ ms/);
    expect(output).toMatch(/✓ signature verified\s+by the standardwebhooks package/);
    expect(output).toMatch(/✓ recorded\s+in the delivery log: delivered after 1 attempt/);
    expect(output).not.toMatch(/✗/);
    expect(exitCode).toBe(0);
  });

  it('works again on the state it left', async () => {
    await runRelay(once());
    const { exitCode, output } = await runRelay(once());
    expect(exitCode, output).toBe(0);
  });

  it('prints no warning of its own runtime or libraries', async () => {
    const { output } = await runRelay(once());
    expect(output).not.toMatch(/warning/i);
  });

  it('sends once more what is answered 503, as Okta does', async () => {
    const receiving = pathToFileURL(join(import.meta.dirname, '../../lib/intake/receive-hook.ts')).href;
    const firstInVain = `
      import * as original from ${JSON.stringify(`${receiving}?original`)};
      let requests = 0;
      export const receiveHook = (...given) => {
        requests += 1;
        if (requests % 2 === 1) throw new Error('no time');
        return original.receiveHook(...given);
      };`;
    const { exitCode, output } = await runReplaced('lib/intake/receive-hook.ts', firstInVain);
    expect(output).toMatch(/✓ challenge answered/);
    expect(output).toMatch(/✓ event accepted\s+200 in \d+ ms/);
    expect(exitCode, output).toBe(0);
  });

  it('fails when one byte of the webhook is flipped after signing', async () => {
    const sender = pathToFileURL(join(import.meta.dirname, '../../lib/https/webhook-sender.ts')).href;
    // The query makes it another module to the loader, so that the replacement can stand on the original.
    const flipping = `
      import * as original from ${JSON.stringify(`${sender}?original`)};
      const flip = (body) => { const copy = Uint8Array.from(body); copy[copy.length >> 1] ^= 1; return copy; };
      export const httpsWebhookSender = (...options) => {
        const sender = original.httpsWebhookSender(...options);
        return { ...sender, send: (request) => sender.send({ ...request, body: flip(request.body) }) };
      };`;
    const { exitCode, output } = await runReplaced('lib/https/webhook-sender.ts', flipping);
    expect(output).toMatch(/✗ the webhook arrived, but its signature does not fit/);
    expect(exitCode).toBe(1);
  });
});
