import { beforeEach, describe, expect, it } from 'vitest';
import { Hearing } from '#lib/intake/hearing.ts';
import { TimeBudget } from '#lib/intake/time-budget.ts';
import { orgIdSchema } from '#lib/okta/org.ts';
import { noon } from '../okta/authenticity-fixtures.ts';
import { InMemorySenders } from './in-memory-senders.ts';

const acme = orgIdSchema.parse('acme');
const beta = orgIdSchema.parse('beta');
let nowMs: number;
let senders: InMemorySenders;
let hearing: Hearing;
const now = () => new Date(nowMs);

beforeEach(() => {
  nowMs = noon.getTime();
  senders = new InMemorySenders();
  hearing = new Hearing({ heard: senders, now });
});

const hear = (org = acme, leftMs = 2_000) => hearing.hear(org, new TimeBudget({ endsAtMs: nowMs + leftMs, now }));

describe('an org that speaks', () => {
  it('is noted once in ten minutes, with the time at which it was heard', async () => {
    for (const afterMs of [0, 1, 599_999, 600_000, 600_001]) {
      nowMs = noon.getTime() + afterMs;
      expect(await hear()).toBeUndefined();
    }
    expect(senders.calls).toBe(2);
    expect(await senders.lastHeard()).toEqual([{ org: 'acme', at: new Date(noon.getTime() + 600_000) }]);
  });

  it('is noted whatever was noted of another', async () => {
    await hear();
    await hear(beta);
    expect((await senders.lastHeard()).map(({ org }) => org)).toEqual(['acme', 'beta']);
  });
});

describe('a store that is away', () => {
  it('is said, and then left alone for half a minute', async () => {
    senders.health = 'unreachable';
    expect(await hear()).toMatchObject({ code: 'SENDER_STORE_UNAVAILABLE' });
    nowMs += 29_999;
    expect(await hear(beta)).toBeUndefined();
    expect(senders.calls).toBe(1);
    senders.health = 'working';
    nowMs += 1;
    await hear();
    expect(await senders.lastHeard()).toEqual([{ org: 'acme', at: now() }]);
  });

  it('costs a request no more than the time it has left', async () => {
    senders.health = 'silent';
    expect(await hear(acme, 5)).toMatchObject({ code: 'SENDER_STORE_UNAVAILABLE', facts: { reason: 'out-of-time' } });
  });
});
