import { describe, expect, it } from 'vitest';
import { deliveryMessageSchema, type DeliveryMessage, type DeliveryStatus } from '#lib/delivery/delivery.ts';
import { placed } from '#lib/delivery/lane.ts';
import { redeliver } from '#lib/delivery/redeliver.ts';
import { replayIdSchema } from '#lib/delivery/replay-mark.ts';
import { memoryDeliveryQueue } from '../../support/memory-delivery-queue.ts';
import { now, relayWith } from '../lanes/asked-for.ts';
import { withCalls } from '../lanes/deliver-harness.ts';

function namedIn(message: DeliveryMessage): DeliveryMessage {
  const user = { id: '00uAna', userName: 'ana@example.com', displayName: 'Ana Ito' };
  return { ...message, change: { ...message.change, data: { ...message.change.data, user } } };
}

const later = new Date(now.getTime() + 20 * 60_000);

/** Parked for twenty minutes, where fan-out or a replay put it. */
async function parkedIn(relay: Relay, message: DeliveryMessage, ordering: 'per-subject' | 'none' = 'per-subject') {
  await relay.settle(message, 'parked');
  const group = placed(message, { orderingKey: '00uAna', ordering }).groupId;
  const key = { queue: message.replay === undefined ? 'deliveries' : 'replayDeliveries', group } as const;
  const of = { ...key, subscription: message.subscription, epoch: 'one', message, removal: true, reason: 'back-off', now } as const;
  const lane = await relay.lanes.park({ ...of, dueAt: later });
  if (lane === undefined) throw new Error('the lane was parked before');
  return { lane, key, message };
}
type Relay = Awaited<ReturnType<typeof relayWith>>;

describe('redeliver', () => {
  it('puts a dead letter on the queue again, as a delivery of its own in its lane', async () => {
    const relay = await relayWith();
    await relay.settle(relay.message, 'dead', 'exhausted');
    const outcome = await redeliver(relay.message.delivery, relay);
    expect(outcome).toMatchObject({ kind: 'queued' });
    const [queued] = relay.queue.taken;
    expect(relay.queue.taken).toHaveLength(1);
    expect(queued?.message).toEqual({
      ...relay.message,
      delivery: outcome.kind === 'queued' ? outcome.delivery : '',
      replay: { id: expect.stringMatching(/^rpl_[0-9a-f]{32}$/), full: false },
    });
    expect(queued?.message.delivery).not.toBe(relay.message.delivery);
    expect(deliveryMessageSchema.parse(JSON.parse(JSON.stringify(queued?.message)))).toEqual(queued?.message);
  });

  it('puts a dead letter of a replay in full under the stale guard', async () => {
    const relay = await relayWith();
    await relay.settle(
      { ...relay.message, replay: { id: replayIdSchema.parse('rpl_01kaq8v1c0f3zq6m2x7w9ystrb'), full: true } },
      'dead',
      'exhausted',
    );
    await redeliver(relay.message.delivery, relay);
    expect(relay.queue.taken.map(({ message }) => message.replay?.full)).toEqual([false]);
  });

  it('puts no more of it on the queue than the subscription asks for by now', async () => {
    const relay = await relayWith();
    await relay.settle(namedIn(relay.message), 'dead', 'exhausted');
    await relay.subscriptions.change(relay.subscription, { attributes: ['user.userName'], at: now });
    await redeliver(relay.message.delivery, relay);
    expect(relay.queue.taken[0]?.message.change.data.user).toEqual({ id: '00uAna', userName: 'ana@example.com' });
    expect(JSON.stringify(relay.queue.taken)).not.toContain('Ana Ito');
  });

  it('sends one delivery, however often and by however many it is asked for', async () => {
    const relay = await relayWith();
    await relay.settle(relay.message, 'dead', 'exhausted');
    const outcomes = await Promise.all(Array.from({ length: 5 }, () => redeliver(relay.message.delivery, relay)));
    expect(new Set(outcomes.map((outcome) => JSON.stringify(outcome))).size).toBe(1);
    expect(new Set(relay.queue.taken.map(({ message }) => message.delivery)).size).toBe(1);
  });

  it.each(['delivered', 'superseded', 'cancelled', 'dead'] as const)(
    'says so when it was sent again before and that one is %s',
    async (status) => {
      const relay = await relayWith();
      await relay.settle(relay.message, 'dead', 'exhausted');
      await redeliver(relay.message.delivery, relay);
      const again = relay.queue.taken[0]!.message;
      await relay.settle(again, status);
      expect(await redeliver(relay.message.delivery, relay)).toEqual({ kind: 'redelivered', delivery: again.delivery, status });
      expect(relay.queue.taken).toHaveLength(1);
    },
  );

  it('sends a redelivery that died once more', async () => {
    const relay = await relayWith();
    await relay.settle(relay.message, 'dead', 'exhausted');
    await redeliver(relay.message.delivery, relay);
    const again = relay.queue.taken[0]!.message;
    await relay.settle(again, 'dead', 'gone');
    expect(await redeliver(again.delivery, relay)).toMatchObject({ kind: 'queued' });
    expect(new Set([relay.message, ...relay.queue.taken.map(({ message }) => message)].map(({ delivery }) => delivery)).size).toBe(3);
  });

  it.each(['pending', 'delivered', 'superseded', 'cancelled'] satisfies DeliveryStatus[])('refuses one that is %s', async (status) => {
    const relay = await relayWith();
    await relay.settle(relay.message, status);
    expect(await redeliver(relay.message.delivery, relay)).toEqual({ kind: 'not-dead', status });
    expect(relay.queue.taken).toEqual([]);
  });

  it('refuses one whose content was not kept, and knows none that never was', async () => {
    const relay = await relayWith();
    expect(await redeliver(relay.message.delivery, relay)).toEqual({ kind: 'unknown' });
    await relay.settle(relay.message, 'dead', 'exhausted', false);
    expect(await redeliver(relay.message.delivery, relay)).toEqual({ kind: 'empty' });
  });

  it('refuses one that cannot be read, which stays dead', async () => {
    const relay = await relayWith();
    await relay.settle(relay.message, 'dead', 'exhausted');
    relay.deliveries.spoiledLetters.add(relay.message.delivery);
    expect(await redeliver(relay.message.delivery, relay)).toEqual({ kind: 'unreadable' });
    expect(relay.queue.taken).toEqual([]);
    expect(await relay.deliveries.find(relay.message.delivery)).toMatchObject({ status: 'dead' });
  });

  it.each(['deleted', 'disabled'] as const)('refuses where the subscription is %s', async (status) => {
    const relay = await relayWith({ status });
    await relay.settle(relay.message, 'dead', 'subscription-disabled');
    expect(await redeliver(relay.message.delivery, relay)).toEqual({ kind: 'subscription', status });
    expect(relay.queue.taken).toEqual([]);
  });

  it('takes a subscription that was cleared away for deleted, and one that is paused for one to wait for', async () => {
    const paused = await relayWith({ status: 'paused' });
    await paused.settle(paused.message, 'dead', 'exhausted');
    expect((await redeliver(paused.message.delivery, paused)).kind).toBe('queued');
    paused.subscriptions.clear();
    expect(await redeliver(paused.message.delivery, paused)).toEqual({ kind: 'subscription', status: 'deleted' });
  });

  it.each([
    ['live', {}],
    ['replayed', { replay: { id: replayIdSchema.parse('rpl_01kaq8v1c0f3zq6m2x7w9ystrb'), full: true } }],
  ])('has the lane of a parked one that is %s worked at once, and sends nothing beside it', async (_, members) => {
    const relay = await relayWith();
    const { key, message } = await parkedIn(relay, { ...relay.message, ...members });
    expect(await redeliver(message.delivery, relay)).toEqual({ kind: 'hastened', delivery: message.delivery });
    expect(await relay.lanes.find(key)).toMatchObject({ dueAt: now, hastenedAt: now });
    expect(await redeliver(message.delivery, relay)).toEqual({ kind: 'hastened', delivery: message.delivery });
    expect(relay.queue.taken).toEqual([]);
  });

  it('has the lane of a redelivery worked at once that is parked by then, and queues it no more', async () => {
    const relay = await relayWith();
    await relay.settle(relay.message, 'dead', 'exhausted');
    await redeliver(relay.message.delivery, relay);
    const { key, message } = await parkedIn(relay, relay.queue.taken[0]!.message);
    expect(await redeliver(relay.message.delivery, relay)).toEqual({ kind: 'hastened', delivery: message.delivery });
    expect(await relay.lanes.find(key)).toMatchObject({ queue: 'replayDeliveries', dueAt: now, hastenedAt: now });
    expect(relay.queue.taken).toHaveLength(1);
  });

  it('says so when the record of a parked one does not tell its lane, as those of before do not', async () => {
    const relay = await relayWith();
    const { key, lane, message } = await parkedIn(relay, relay.message);
    const deliveries = withCalls(relay.deliveries, {
      find: async (id) => {
        const { group: _, ...delivery } = (await relay.deliveries.find(id))!;
        return delivery;
      },
    });
    expect(await redeliver(message.delivery, { ...relay, deliveries })).toEqual({ kind: 'lane-unknown' });
    expect(await relay.lanes.find(key)).toEqual(lane);
  });

  it('has the lane of one worked whose subscription wants no order', async () => {
    const relay = await relayWith({ ordering: 'none' });
    const { key, message } = await parkedIn(relay, relay.message, 'none');
    expect(await redeliver(message.delivery, relay)).toMatchObject({ kind: 'hastened' });
    expect(await relay.lanes.find(key)).toMatchObject({ dueAt: now });
  });

  it('leaves a lane with who has it, and has it worked again after him', async () => {
    const relay = await relayWith();
    const { lane, key, message } = await parkedIn(relay, relay.message);
    const held = await relay.lanes.seize(lane, { token: 'his', lostAt: later });
    expect(await redeliver(message.delivery, relay)).toMatchObject({ kind: 'hastened' });
    expect(await relay.lanes.find(key)).toMatchObject({ token: 'his', dueAt: later });
    expect(held && (await relay.lanes.release(held, { dueAt: later, reason: 'back-off' }))).toBe(true);
    expect(await relay.lanes.find(key)).toMatchObject({ dueAt: now });
  });

  it('looks again where the lane has moved between look and write', async () => {
    const relay = await relayWith();
    const { lane, message } = await parkedIn(relay, relay.message);
    let looks = 0;
    const lanes = withCalls(relay.lanes, {
      hasten: async (...asked) => {
        looks += 1;
        if (looks === 1) await relay.lanes.seize(lane, { token: 'another', lostAt: later });
        return relay.lanes.hasten(...asked);
      },
    });
    expect(await redeliver(message.delivery, { ...relay, lanes })).toMatchObject({ kind: 'hastened' });
    expect(looks).toBe(2);
  });

  it('says so when a parked one stands in no lane at the moment, or its subscription is not sent to', async () => {
    const relay = await relayWith();
    await relay.settle(relay.message, 'parked');
    expect(await redeliver(relay.message.delivery, relay)).toEqual({ kind: 'busy' });
    const disabled = await relayWith({ status: 'disabled' });
    const { lane, key, message } = await parkedIn(disabled, disabled.message);
    expect(await redeliver(message.delivery, disabled)).toEqual({ kind: 'subscription', status: 'disabled' });
    expect(await disabled.lanes.find(key)).toEqual(lane);
  });

  it('throws when the queue does not take it', async () => {
    const relay = await relayWith({}, memoryDeliveryQueue({ verdictOn: () => 'not-taken' }));
    await relay.settle(relay.message, 'dead', 'exhausted');
    await expect(redeliver(relay.message.delivery, relay)).rejects.toMatchObject({ code: 'DELIVERY_QUEUE_UNAVAILABLE' });
  });
});
