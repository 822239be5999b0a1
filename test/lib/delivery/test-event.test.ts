import { describe, expect, it } from 'vitest';
import { deliveryMessageSchema } from '#lib/delivery/delivery.ts';
import { readDeliveryMessage } from '#lib/delivery/read-delivery-message.ts';
import { sendTestEvent } from '#lib/delivery/test-event.ts';
import { changeSchema } from '#lib/identity/change.ts';
import { compileSubscription } from '#lib/subscriptions/matches.ts';
import { memoryDeliveryQueue } from '../../support/memory-delivery-queue.ts';
import { storedSubscription } from '../subscriptions/stored-subscription.ts';
import { now, relayWith } from '../lanes/asked-for.ts';

const eventIds = ['6f1d6ad4-6a2e-4f6b-8a39-0e5d9f6f2a10', '6f1d6ad4-6a2e-4f6b-8a39-0e5d9f6f2a11'];

async function tested(overrides: Parameters<typeof relayWith>[0] = {}, queue = memoryDeliveryQueue()) {
  const relay = await relayWith(overrides, queue);
  const ids = [...eventIds];
  const parts = { ...relay, now: () => now, newEventId: () => ids.shift() ?? '' };
  return { ...relay, parts, send: () => sendTestEvent(relay.subscription.id, parts) };
}

describe('a test event', () => {
  it('is about the subscription itself, names no person and sets no state', async () => {
    const { subscription, queue, send } = await tested({ name: 'Badges', url: 'https://badges.example.com/hook?key=s3cret' });
    const outcome = await send();
    const message = queue.taken[0]!.message;
    expect(outcome).toEqual({ kind: 'queued', delivery: message.delivery, change: eventIds[0] });
    expect(message.change).toEqual({
      specversion: '1.0',
      id: eventIds[0],
      source: 'urn:okta-event-relay:subscriptions',
      type: 'relay.subscription.test',
      subject: `subscriptions/${subscription.id}`,
      time: now.toISOString(),
      datacontenttype: 'application/json',
      partitionkey: `relay:${eventIds[0]}`,
      recordedtime: now.toISOString(),
      sequence: `${now.getTime()}-0000000000000000000`,
      origin: 'relay',
      data: { org: 'relay', subscription: { id: subscription.id, name: 'Badges' } },
    });
    expect(changeSchema.parse(message.change)).toEqual(message.change);
    expect(JSON.stringify(message)).not.toContain('s3cret');
  });

  it('is readable for deliver, whatever the subscription asks for', async () => {
    const { queue, send } = await tested({ types: ['identity.group.created'], filter: 'user.userName pr', ordering: 'none' });
    expect((await send()).kind).toBe('queued');
    const { message } = queue.taken[0]!;
    expect(deliveryMessageSchema.parse(message)).toEqual(message);
    expect(readDeliveryMessage(JSON.stringify(message), now)).toEqual({ kind: 'readable', message });
  });

  it('waits behind nothing, not behind the test before', async () => {
    const { queue, send } = await tested();
    await send();
    await send();
    expect(new Set(queue.taken.map(({ groupId }) => groupId)).size).toBe(2);
  });

  it('is for the one subscription, and nobody who watches others', async () => {
    const { subscription, queue, send } = await tested();
    await send();
    expect(queue.taken.map(({ message }) => message.subscription)).toEqual([subscription.id]);
    const everything = compileSubscription(storedSubscription(2, { types: ['*'] }));
    expect(everything(queue.taken[0]!.message.change)).toBe(false);
  });

  it.each(['paused', 'disabled'] as const)('is refused where the subscription is %s', async (status) => {
    const { queue, send } = await tested({ status });
    expect(await send()).toEqual({ kind: 'refused', status });
    expect(queue.taken).toEqual([]);
  });

  it('knows no subscription that is deleted', async () => {
    const { parts, send } = await tested({ status: 'deleted' });
    expect(await send()).toEqual({ kind: 'unknown' });
    expect(await sendTestEvent(storedSubscription(2).id, parts)).toEqual({ kind: 'unknown' });
  });

  it('throws when the queue does not take it', async () => {
    const { send } = await tested({}, memoryDeliveryQueue({ verdictOn: () => 'not-taken' }));
    await expect(send()).rejects.toMatchObject({ code: 'DELIVERY_QUEUE_UNAVAILABLE' });
    const refusing = await tested({}, memoryDeliveryQueue({ verdictOn: () => 'refused' }));
    await expect(refusing.send()).rejects.toThrow('refused a delivery');
  });
});
