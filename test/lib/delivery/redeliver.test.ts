import { describe, expect, it } from 'vitest';
import { deliveryMessageSchema, type DeliveryMessage, type DeliveryStatus } from '#lib/delivery/delivery.ts';
import { redeliver } from '#lib/delivery/redeliver.ts';
import { memoryDeliveryQueue } from '../../support/memory-delivery-queue.ts';
import { now, relayWith } from '../lanes/asked-for.ts';

function namedIn(message: DeliveryMessage): DeliveryMessage {
  const user = { id: '00uAna', userName: 'ana@example.com', displayName: 'Ana Ito' };
  return { ...message, change: { ...message.change, data: { ...message.change.data, user } } };
}

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

  it.each(['pending', 'parked', 'delivered', 'superseded', 'cancelled'] satisfies DeliveryStatus[])(
    'refuses one that is %s',
    async (status) => {
      const relay = await relayWith();
      await relay.settle(relay.message, status);
      expect(await redeliver(relay.message.delivery, relay)).toEqual({ kind: 'not-dead', status });
      expect(relay.queue.taken).toEqual([]);
    },
  );

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

  it('throws when the queue does not take it', async () => {
    const relay = await relayWith({}, memoryDeliveryQueue({ verdictOn: () => 'not-taken' }));
    await relay.settle(relay.message, 'dead', 'exhausted');
    await expect(redeliver(relay.message.delivery, relay)).rejects.toMatchObject({ code: 'DELIVERY_QUEUE_UNAVAILABLE' });
  });
});
