import { describe, expect, it } from 'vitest';
import { withCalls } from '../deliver-harness.ts';
import { runScript } from './run-script.ts';
import type { Script } from './script.ts';
import type { Plant } from './simulation.ts';

/**
 * A trace that the property once found, kept as it was: a process is stopped in the midst of a removal that it sends before a failing head, the head is
 * tried again meanwhile, and when the removal has got through, the process finds the subscriptions away and nobody yields.
 */
const script = (commands: Script['commands']): Script => ({
  seed: 62_870,
  subscriptions: [[30, 30, 30, 30, 600], undefined, undefined].map((retrySeconds, index) => ({
    ordering: 'per-subject',
    stale: 'skip',
    concurrency: 10,
    deliveriesPerSecond: index === 0 ? 1 : undefined,
    retrySeconds,
    hearsOperators: false,
  })),
  sweeps: 'as-needed',
  commands,
});
const stoppedBeforeRequest = script([
  { kind: 'publish', subscription: 0, person: 0, at: 0, saying: 'updated', answers: ['500', '500', '500'], afterMs: 0 },
  { kind: 'fault', fault: 'stop', moment: 'before', call: 'guard.enter', inCalls: 0, forMs: 480_000, afterMs: 9_000 },
  { kind: 'publish', subscription: 0, person: 0, at: 0, saying: 'member_removed', answers: [], afterMs: 0 },
  { kind: 'publish', subscription: 0, person: 0, at: 1, saying: 'updated', answers: [], afterMs: 400_000 },
  { kind: 'away', port: 'subscriptions', forMs: 600_000, afterMs: 0 },
  { kind: 'publish', subscription: 0, person: 0, saying: 'activated', at: 0, answers: [], afterMs: 2_100_000 },
  { kind: 'publish', subscription: 0, person: 0, saying: 'activated', at: 0, answers: [], afterMs: 6_000 },
]);
/** Within its lease: when the head is due, another removal has it tried; then the subscriptions are away, and the process finds so when it goes on. */
const stoppedBeforeRecord = script([
  { kind: 'publish', subscription: 0, person: 0, at: 0, saying: 'updated', answers: ['500', '500', '500'], afterMs: 0 },
  { kind: 'fault', fault: 'stop', moment: 'before', call: 'store.settle', inCalls: 0, forMs: 26_000, afterMs: 9_000 },
  { kind: 'publish', subscription: 0, person: 0, at: 0, saying: 'member_removed', answers: [], afterMs: 0 },
  { kind: 'publish', subscription: 0, person: 0, at: 1, saying: 'member_removed', answers: [], afterMs: 22_500 },
  { kind: 'away', port: 'subscriptions', forMs: 600_000, afterMs: 2_500 },
  { kind: 'publish', subscription: 0, person: 0, at: 2, saying: 'updated', answers: [], afterMs: 2_100_000 },
]);

describe('a removal that got through, sent by a process that was stopped', () => {
  it('is not sent any more where the stop was before its request', async () => {
    await runScript(stoppedBeforeRequest);
  });

  it('is not followed by what failed before it, where the stop was between its 2xx and its record', async () => {
    await runScript(stoppedBeforeRecord);
  });

  it('would be followed by it, were it not marked before it goes out', async () => {
    const unmarked: Plant = (stores) => ({ ...stores, lanes: withCalls(stores.lanes, { markAhead: () => Promise.resolve() }) });
    await expect(runScript(stoppedBeforeRecord, unmarked)).rejects.toThrow(/which was behind it/);
  });
});
