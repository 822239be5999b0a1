import { beforeEach, describe, expect, it } from 'vitest';
import { deliver } from '#lib/lanes/deliver.ts';
import { storedSubscription } from '../subscriptions/stored-subscription.ts';
import { answered, DeliverHarness, received } from './deliver-harness.ts';
import { deliveryMessage, payrollId } from '../delivery/delivery-message.ts';

/** Queued whole, with `Ana Ito` in them, before the subscription asked for less. */
const head = deliveryMessage({ change: 'c-1' });
const behind = deliveryMessage({ change: 'c-2', type: 'identity.user.updated' });
const original = storedSubscription(1, { id: payrollId });
let harness: DeliverHarness;
beforeEach(() => {
  harness = new DeliverHarness();
  harness.answer = () => answered(503, '600');
});
const run = (...ids: (typeof head)[]) =>
  deliver(
    harness.parts(),
    ids.map((message) => received(message.change.id, 'g', message)),
    () => 60_000,
  );
const placesOf = async () => {
  const lane = await harness.lanes.find({ queue: 'deliveries', group: 'g' });
  return lane === undefined ? [] : harness.lanes.read(lane, 0, 10);
};
const narrowed = { id: '00u10r4h1xAe2TIcx4x7', userName: 'ana@example.com' };

describe('what is parked for a subscription that asks for less by now', () => {
  it('holds no more than it asks for, as the head of its lane and behind it', async () => {
    await harness.subscriptions.change(original, { attributes: ['user.userName'], at: new Date(harness.nowMs) });
    await run(head, behind);
    const places = await placesOf();
    expect(places).toMatchObject([
      { message: { delivery: head.delivery, change: { id: 'c-1', data: { user: narrowed } } } },
      { message: { delivery: behind.delivery, change: { id: 'c-2', data: { user: narrowed } } } },
    ]);
    expect(JSON.stringify(places)).not.toContain('Ana Ito');
  });

  it('holds what everybody gets, where the subscription is gone', async () => {
    await run(head);
    harness.subscriptions.clear();
    await run(behind);
    const [, place] = await placesOf();
    expect(place).toMatchObject({ message: { delivery: behind.delivery } });
    expect(JSON.stringify(place)).not.toContain('Ana Ito');
  });

  it('is whole as long as it asks for everything', async () => {
    await run(head, behind);
    expect((await placesOf()).map((place) => 'message' in place && place.message)).toEqual([head, behind]);
  });
});
