import { beforeEach, expect, it } from 'vitest';
import { answered, DeliverHarness, inLane, withCalls } from './deliver-harness.ts';
import { deliveryMessage, payrollId } from '../delivery/delivery-message.ts';

const minute = 60_000;
const key = { queue: 'deliveries', group: 'g' } as const;
let harness: DeliverHarness;
let looks: number;
beforeEach(() => {
  harness = new DeliverHarness();
  looks = 0;
});

const head = inLane(deliveryMessage({ change: 'head', type: 'identity.user.updated' }));
const leaver = (change: string) => inLane(deliveryMessage({ change, type: 'identity.user.deactivated' }));

/** Deliver, with its looks at records counted: past `most` of them it is stopped. */
const run = (messages: Parameters<DeliverHarness['run']>[0], most = 10_000) =>
  harness.run(messages, {
    store: withCalls<DeliverHarness['store']>(harness.store, {
      find: (id) => {
        looks += 1;
        if (looks > most) throw new Error('It looks at records without end');
        return harness.store.find(id);
      },
    }),
  });
const lane = async () => {
  const found = await harness.lanes.find(key);
  if (found === undefined) throw new Error('no lane');
  return found;
};

it('a probe that fails after its circuit was closed lays its lane down once, with the removal behind it', async () => {
  harness.answer = () => answered(503, '36000');
  await run([head]);
  await run([leaver('leaver')]);
  const at = new Date(harness.nowMs);
  const event = { id: '9a0b3c52-0000-4000-8000-000000000001', kind: 'failing', at: at.toISOString() } as const;
  await harness.subscriptions.open(payrollId, { at, probeAt: new Date(harness.nowMs + minute), event });
  harness.nowMs += 2 * minute;
  await harness.lanes.issue(await lane(), { token: 'token', lostAt: new Date(harness.nowMs + 10 * minute) });
  harness.answer = async () => {
    await harness.subscriptions.setStatus(payrollId, { status: 'active', from: ['active'], at: new Date(harness.nowMs) });
    return answered(503);
  };
  const body = JSON.stringify({ v: 1, release: { token: 'token', subscription: payrollId, probe: true } });
  looks = 0;
  expect((await run([{ ...head, messageId: 'token', body }], 100)).errors).toEqual([]);
  expect(harness.sentIds()).toEqual(['head', 'leaver', 'head']);
  expect((await lane()).token).toBeUndefined();
});

it.each([
  ['less than 5 s after the wish, and may have been made by an old view or another clock, is made once more', 4_999, 2],
  ['5 s after the wish has fulfilled it: what it found waits for its time', 5_000, 1],
])('an attempt that began %s', async (_, agoMs, attempts) => {
  harness.answer = () => answered(503, '36000');
  await run([head]);
  await harness.lanes.hasten(await lane(), new Date(harness.nowMs - agoMs));
  harness.nowMs += minute;
  await run(await harness.releases());
  expect([harness.recordOf('head')?.attempts.length, (await lane()).dueAt]).toEqual([
    attempts,
    new Date(harness.nowMs + 36_000_000 - (attempts === 1 ? minute : 0)),
  ]);
  // And no further time.
  harness.nowMs += minute;
  await run([leaver('leaver')]);
  expect(harness.recordOf('head')?.attempts).toHaveLength(attempts);
});

it('a removal that comes to a lane that was hastened and worked is sent without a look at all that waits before it', async () => {
  harness.answer = () => answered(503, '36000');
  await run([head]);
  for (let n = 0; n < 50; n += 1) await run([inLane(deliveryMessage({ change: `update-${n}`, type: 'identity.user.updated' }))]);
  await run([leaver('leaver')]);
  harness.nowMs += minute;
  expect(await harness.lanes.hasten(await lane(), new Date(harness.nowMs))).toBe(true);
  harness.nowMs += minute;
  await run(await harness.releases());
  // All of it a second time, for that was the wish.
  expect(harness.sent).toHaveLength(2 * 52);
  looks = 0;
  harness.nowMs += minute;
  await run([leaver('late')]);
  expect(harness.sentIds().at(-1)).toBe('late');
  expect(looks).toBeLessThan(10);
});
