import { beforeEach, describe, expect, it } from 'vitest';
import type { DeliverParts } from '#lib/lanes/deliver-parts.ts';
import { RelayError } from '#lib/errors.ts';
import type { SubscriptionChanges } from '#lib/subscriptions/subscription.ts';
import { answered, DeliverHarness, inLane, withCalls } from './deliver-harness.ts';
import { deliveryMessage, payrollId } from '../delivery/delivery-message.ts';

const minute = 60_000;
let harness: DeliverHarness;
beforeEach(() => {
  harness = new DeliverHarness();
});
const message = deliveryMessage({ change: 'one', type: 'identity.user.updated', stateKey: 'users/00u1/status' });
const second = deliveryMessage({ change: 'two', type: 'identity.user.updated' });

async function subscription() {
  const found = await harness.subscriptions.find(payrollId);
  if (found === undefined) throw new Error('no subscription');
  return found;
}
const change = async (changes: SubscriptionChanges) =>
  harness.subscriptions.change(await subscription(), { ...changes, at: new Date(harness.nowMs) });
const told = async (kind: string) => ((await subscription()).operatorEvents ?? []).filter((event) => event.kind === kind);

/** The process dies around the record of its attempt: the store has it or has it not, and nothing that comes after is done. */
const dyingAround = (record: 'written' | 'lost'): Partial<DeliverParts> => ({
  store: withCalls<DeliverParts['store']>(harness.store, {
    settle: async (settlement) => {
      if (record === 'written') await harness.store.settle(settlement);
      throw new Error('killed');
    },
  }),
});

describe('a 410 that comes late', () => {
  it('is a failed attempt when the subscription has another URL by then, which gets the next one', async () => {
    harness.answer = async () => {
      await change({ url: 'https://repaired.example.com/identity' });
      return answered(410);
    };
    expect(await harness.run([inLane(message)])).toMatchObject({ counts: { failing: 1, dead: 0 }, reasons: ['status-410'] });
    expect([(await subscription()).status, await told('disabled')]).toEqual(['active', []]);
    expect(harness.recordOf('one')).toMatchObject({ status: 'pending', attempts: [{ status: 410 }] });
    harness.nowMs += 5_000;
    harness.answer = () => answered(204);
    await harness.run([inLane(message, 2)]);
    expect(harness.sent.at(-1)?.url).toBe('https://repaired.example.com/identity');
    expect(harness.recordOf('one')?.status).toBe('delivered');
  });

  it('is a failed attempt when the subscription was enabled again meanwhile', async () => {
    harness.answer = async () => {
      const at = (ms: number) => new Date(harness.nowMs + ms);
      await harness.subscriptions.setStatus(payrollId, { status: 'disabled', from: ['active'], at: at(1) });
      await harness.subscriptions.setStatus(payrollId, { status: 'active', from: ['disabled'], at: at(2) });
      return answered(410);
    };
    await harness.run([inLane(message)]);
    expect([(await subscription()).status, harness.recordOf('one')?.status]).toEqual(['active', 'pending']);
  });

  it('says nothing of the endpoint that the subscription has by then: it is none of the five failures that open the circuit', async () => {
    const fail = async (group: string): Promise<void> => {
      harness.nowMs += 3_000;
      const one = deliveryMessage({ change: group, user: `00u${group}`, type: 'identity.user.updated' });
      expect(await harness.run([{ ...inLane(one), groupId: group }])).toMatchObject({ counts: { failing: 1 } });
    };
    harness.answer = async () => {
      await change({ url: 'https://repaired.example.com/identity' });
      return answered(410);
    };
    await fail('left');
    harness.answer = () => answered(502);
    for (const group of ['a', 'b', 'c', 'd']) await fail(group);
    expect((await subscription()).circuit).toBeUndefined();
    await fail('e');
    expect((await subscription()).circuit).toBeDefined();
  });

  it('is dead with the others when another 410 has disabled the subscription', async () => {
    harness.answer = () => answered(410);
    await harness.run([inLane(message), { ...inLane(second), groupId: 'h' }]);
    expect([harness.recordOf('one')?.reason, harness.recordOf('two')?.reason]).toEqual(['gone', 'gone']);
    expect(await told('disabled')).toHaveLength(1);
  });
});

describe('a process that dies around the record of its attempt', () => {
  /** Two attempts, and the second is the last. */
  async function lastAttempt(record: 'written' | 'lost'): Promise<void> {
    await change({ retrySeconds: [5] });
    harness.answer = () => answered(503);
    await harness.run([inLane(message)]);
    harness.nowMs += 5_000;
    await harness.run([inLane(message, 2)], dyingAround(record));
  }

  it('has told of a delivery that is given up', async () => {
    await lastAttempt('written');
    expect(harness.recordOf('one')).toMatchObject({ status: 'dead', reason: 'exhausted' });
    expect((await harness.run([inLane(message, 3)])).counts).toMatchObject({ duplicate: 1 });
    expect(await told('exhausted')).toHaveLength(1);
  });

  it('tells the same event again when the end itself was lost', async () => {
    await lastAttempt('lost');
    harness.nowMs += 61 * minute;
    await harness.run([inLane(message, 3)]);
    expect(harness.recordOf('one')).toMatchObject({ status: 'dead', reason: 'exhausted' });
    const ids = (await told('exhausted')).map(({ id }) => id);
    expect([ids.length, new Set(ids).size]).toEqual([2, 1]);
    expect(ids[0]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  it.each(['written', 'lost'] as const)('has closed the circuit after a probe that got through (record: %s)', async (record) => {
    const at = new Date(harness.nowMs - 3 * minute);
    const event = { id: '9a0b3c52-0000-4000-8000-000000000001', kind: 'failing', at: at.toISOString() } as const;
    await harness.subscriptions.open(payrollId, { at, probeAt: at, event });
    await harness.run([inLane(message)], dyingAround(record));
    expect([harness.sentIds(), (await subscription()).circuit]).toEqual([['one'], undefined]);
    harness.nowMs += 30_000;
    await harness.run([inLane(message, 2), inLane(second)]);
    expect([harness.recordOf('one')?.status, harness.recordOf('two')?.status]).toEqual(['delivered', 'delivered']);
    expect(await told('recovered')).toHaveLength(1);
  });
});

describe('a store of subscriptions that takes no writes at the end of an attempt', () => {
  const down = new RelayError('SUBSCRIPTION_STORE_UNAVAILABLE', 'down');
  const withoutWrites = (): Partial<DeliverParts> => {
    const fails = () => Promise.reject(down);
    return { circuits: withCalls(harness.parts().circuits, { exhausted: fails, gone: fails, noteAttempt: fails }) };
  };

  it('keeps no probe that got through from its record: it is sent once, and the next one closes the circuit', async () => {
    const at = new Date(harness.nowMs - 3 * minute);
    const event = { id: '9a0b3c52-0000-4000-8000-000000000001', kind: 'failing', at: at.toISOString() } as const;
    await harness.subscriptions.open(payrollId, { at, probeAt: at, event });
    expect(await harness.run([inLane(message)], withoutWrites())).toMatchObject({ failures: ['one-1'], errors: [down] });
    expect(harness.recordOf('one')?.status).toBe('delivered');
    harness.nowMs += 15 * minute;
    const older = deliveryMessage({ change: 'old', type: 'identity.user.updated', stateKey: 'users/00u1/status', sequence: '1795000000000-0000000000000000001' }); // prettier-ignore
    expect((await harness.run([inLane(message, 2)])).counts).toMatchObject({ duplicate: 1 });
    await harness.run([inLane(second), inLane(older)]);
    expect([harness.sentIds(), (await subscription()).circuit]).toEqual([['one', 'two'], undefined]);
    expect([harness.recordOf('old')?.status, harness.recordOf('two')?.status]).toEqual(['superseded', 'delivered']);
  });

  it('keeps no 410 from its record: it is a failed attempt, and the next one disables', async () => {
    harness.answer = () => answered(410);
    expect(await harness.run([inLane(message)], withoutWrites())).toMatchObject({ failures: ['one-1'], errors: [down] });
    expect(harness.recordOf('one')).toMatchObject({ status: 'pending', attempts: [{ status: 410 }] });
    await harness.run([inLane(message, 2)]);
    expect(harness.sentIds()).toEqual(['one']);
    harness.nowMs += 5_000;
    await harness.run([inLane(message, 3)]);
    expect([harness.recordOf('one')?.reason, (await subscription()).disabledReason]).toEqual(['gone', 'gone']);
  });

  it('keeps no last attempt from its record: what has used up its schedule is not sent again', async () => {
    await change({ retrySeconds: [5] });
    harness.answer = () => answered(503);
    await harness.run([inLane(message)]);
    harness.nowMs += 5_000;
    expect(await harness.run([inLane(message, 2)], withoutWrites())).toMatchObject({ failures: ['one-2'], errors: [down] });
    expect(harness.recordOf('one')).toMatchObject({ status: 'dead', reason: 'exhausted' });
    harness.nowMs += 10_000;
    expect((await harness.run([inLane(message, 3)])).counts).toMatchObject({ duplicate: 1 });
    expect([harness.sentIds(), await told('exhausted')]).toEqual([['one', 'one'], []]);
  });
});

describe('what operators are told', () => {
  it('says what the attempt ended with that opened the circuit', async () => {
    harness.answer = () => answered(502);
    for (const [index, group] of ['a', 'b', 'c', 'd', 'e'].entries()) {
      harness.nowMs += 3_000;
      const one = deliveryMessage({ change: `x${index}`, user: `00u${index}`, type: 'identity.user.updated' });
      await harness.run([{ ...inLane(one), groupId: group }]);
    }
    expect(await told('failing')).toMatchObject([{ reason: 'status-502' }]);
  });

  it('says what the last attempt of a delivery ended with', async () => {
    await change({ retrySeconds: [5] });
    harness.answer = () => answered(503);
    for (const receives of [1, 2]) {
      await harness.run([inLane(message, receives)]);
      harness.nowMs += 5_000;
    }
    expect(await told('exhausted')).toMatchObject([{ reason: 'status-503' }]);
  });
});

describe('the lease of a delivery', () => {
  /** The claim is for the 15 s of an attempt and 15 more. */
  it.each([
    [15_000, ['one'], 'delivered'],
    [15_001, [], 'pending'],
  ])('covers all of an attempt: %i ms after the claim it sends %j', async (heldUpMs, sent, status) => {
    const { guard } = harness;
    const slow = withCalls<DeliverParts['guard']>(guard, {
      enter: async (passage) => {
        const standing = await guard.enter(passage);
        harness.nowMs += heldUpMs;
        return standing;
      },
    });
    await harness.run([inLane(message)], { guard: slow });
    expect([harness.sentIds(), harness.recordOf('one')?.status]).toEqual([sent, status]);
    // Whatever became of it, the state is free, and the delivery as well.
    await harness.run([inLane(message, 2)]);
    expect(harness.recordOf('one')?.status).toBe('delivered');
  });
});

it('a repeat of what is settled does not use up the probe that is due', async () => {
  await harness.run([inLane(message)]);
  const at = new Date(harness.nowMs - 3 * minute);
  const event = { id: '9a0b3c52-0000-4000-8000-000000000001', kind: 'failing', at: at.toISOString() } as const;
  await harness.subscriptions.open(payrollId, { at, probeAt: at, event });
  expect((await harness.run([inLane(message, 2)])).counts).toMatchObject({ duplicate: 1 });
  expect((await subscription()).circuit).toMatchObject({ probes: 0 });
  await harness.run([inLane(second)]);
  expect([harness.sentIds(), (await subscription()).circuit]).toEqual([['one', 'two'], undefined]);
});
