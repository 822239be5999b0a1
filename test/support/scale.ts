import { appendFileSync } from 'node:fs';

/**
 * How many rounds, runs or events a test takes: `full` when RELAY_TEST_SCALE=full (CI), else `quick`. What was reduced is
 * noted in the file that RELAY_TEST_SCALE_NOTES names, and `npm test` prints it; without that variable nothing is written.
 */
export function scaled(full: number, quick: number): number {
  if (process.env['RELAY_TEST_SCALE'] === 'full' || quick === full) return full;
  const notes = process.env['RELAY_TEST_SCALE_NOTES'];
  if (notes !== undefined && notes !== '')
    appendFileSync(notes, JSON.stringify({ where: callerOf(new Error().stack ?? ''), full, quick }) + '\n');
  return quick;
}

/** `test/lib/okta/log-event.property.test.ts:31`, from the second frame of the stack. */
function callerOf(stack: string): string {
  const frames = stack.split('\n').filter((line) => line.includes('/test/') && !line.includes('test/support/scale.ts'));
  return /(test\/[^\s:?)]+(?::\d+)?)/.exec(frames[0] ?? '')?.[1] ?? 'unknown place';
}
