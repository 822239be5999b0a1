import { InMemoryDeliveryStore } from '../delivery/in-memory-delivery-store.ts';
import { InMemoryLaneStore } from '../delivery/in-memory-lane-store.ts';
import { memoryDeliveryQueue } from '../../support/memory-delivery-queue.ts';
import { deliveryTo } from '../../support/deliveries.ts';
import type { DeliveryMessage, DeliveryReason, DeliveryStatus } from '#lib/delivery/delivery.ts';
import type { Subscription } from '#lib/subscriptions/subscription.ts';
import { InMemorySubscriptionStore } from '../subscriptions/in-memory-subscription-store.ts';
import { storedSubscription } from '../subscriptions/stored-subscription.ts';

export const now = new Date('2026-11-22T08:00:00.000Z');

/** One subscription and what operators ask for of it, with stores and a queue in memory. */
export async function relayWith(overrides: Partial<Subscription> = {}, queue = memoryDeliveryQueue()) {
  const subscription = storedSubscription(1, overrides);
  const subscriptions = new InMemorySubscriptionStore();
  await subscriptions.create(subscription);
  const deliveries = new InMemoryDeliveryStore({ now: () => now });
  /** Brings a delivery to this end. */
  const settle = async (message: DeliveryMessage, status: DeliveryStatus, reason?: DeliveryReason, kept = true): Promise<void> => {
    const lease = `lease of ${message.delivery}`;
    await deliveries.claim({ message, lease, now, leaseMs: 60_000 });
    const letter = status === 'dead' && kept ? { letter: message } : {};
    await deliveries.settle({ id: message.delivery, lease, status, ...(reason === undefined ? {} : { reason }), ...letter });
  };
  const message = deliveryTo(subscription, '00uAna', '2d050e48-fc0a-11ea-bbf6-1d98632c66b8').message;
  return { subscription, subscriptions, deliveries, lanes: new InMemoryLaneStore(), queue, now: () => now, settle, message };
}
