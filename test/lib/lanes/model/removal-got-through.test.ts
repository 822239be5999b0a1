import { describe, it } from 'vitest';
import { runScript } from './run-script.ts';
import type { Script } from './script.ts';

/**
 * A trace that the property once found, kept as it was: a process is stopped in the midst of a removal that it sends before a failing head, the head is
 * tried again meanwhile, and when the removal has got through, the process finds the subscriptions away and nobody yields.
 */
const script: Script = {
  seed: 62_870,
  subscriptions: [[30, 30, 30, 30, 600], undefined, undefined].map((retrySeconds, index) => ({
    ordering: 'per-subject',
    stale: 'skip',
    concurrency: 10,
    deliveriesPerSecond: index === 0 ? 1 : undefined,
    retrySeconds,
    hearsOperators: false,
  })),
  commands: [
    { kind: 'publish', subscription: 0, person: 0, at: 0, saying: 'updated', answers: ['500', '500', '500'], afterMs: 0 },
    { kind: 'fault', fault: 'stop', moment: 'before', call: 'guard.enter', inCalls: 0, forMs: 480_000, afterMs: 9_000 },
    { kind: 'publish', subscription: 0, person: 0, at: 0, saying: 'member_removed', answers: [], afterMs: 0 },
    { kind: 'publish', subscription: 0, person: 0, at: 1, saying: 'updated', answers: [], afterMs: 400_000 },
    { kind: 'away', port: 'subscriptions', forMs: 600_000, afterMs: 0 },
    { kind: 'publish', subscription: 0, person: 0, saying: 'activated', at: 0, answers: [], afterMs: 2_100_000 },
    { kind: 'publish', subscription: 0, person: 0, saying: 'activated', at: 0, answers: [], afterMs: 6_000 },
  ],
};

describe('a removal that got through, sent by a process that was stopped', () => {
  it('is not followed by what failed before it', async () => {
    await runScript(script);
  });
});
