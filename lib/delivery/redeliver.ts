import type { Subscription, SubscriptionReader } from '../subscriptions/subscription.ts';
import type { DeliveryQueue } from './delivery-queue.ts';
import type { Delivery, DeliveryId, DeliveryStatus, DeliveryStore } from './delivery.ts';
import { hastenDelivery, type HastenParts } from './hasten-delivery.ts';
import { queueOne } from './queue-one.ts';
import { redelivery } from './redelivery.ts';

export interface RedeliverParts extends HastenParts {
  readonly deliveries: Pick<DeliveryStore, 'find' | 'letter'>;
  readonly subscriptions: Pick<SubscriptionReader, 'find'>;
  /** The one of replays. */
  readonly queue: DeliveryQueue;
}

export type RedeliverOutcome =
  | { readonly kind: 'queued'; readonly delivery: DeliveryId }
  /** It was parked; its lane is worked at once. */
  | { readonly kind: 'hastened'; readonly delivery: DeliveryId }
  /** It is parked, and being tried at this moment. */
  | { readonly kind: 'busy' }
  /** It is parked, and older than the notes of which lane a delivery is in. */
  | { readonly kind: 'lane-unknown' }
  | { readonly kind: 'unknown' }
  /** Neither dead nor parked. */
  | { readonly kind: 'not-dead'; readonly status: DeliveryStatus }
  /** Dead, and what it held was not kept. */
  | { readonly kind: 'empty' }
  /** Dead, and what is kept of it cannot be read. */
  | { readonly kind: 'unreadable' }
  | { readonly kind: 'subscription'; readonly status: 'deleted' | 'disabled' }
  /** It was sent again before, as this delivery, which has come to its own end. */
  | { readonly kind: 'redelivered'; readonly delivery: DeliveryId; readonly status: DeliveryStatus };

/**
 * Sends one dead letter again, or has the lane of a parked delivery tried now: from its head, for nothing in it is overtaken. However often and by however
 * many it is asked for, also by a recovery, it is one delivery, whose lane is tried now where it is parked by then. If that one dies too, it is a dead letter by itself.
 * @throws RelayError DELIVERY_STORE_UNAVAILABLE, SUBSCRIPTION_STORE_UNAVAILABLE, DELIVERY_QUEUE_UNAVAILABLE; it may be on the queue then
 */
export async function redeliver(id: DeliveryId, parts: RedeliverParts): Promise<RedeliverOutcome> {
  const { deliveries, queue } = parts;
  const letter = await deliveries.letter(id);
  if (letter === undefined) return withoutLetter(id, parts);
  if ('unreadable' in letter) return { kind: 'unreadable' };
  const target = await targetOf(letter.message, parts);
  if (target.kind !== 'open') return target;
  const again = redelivery(letter, target.subscription);
  const { delivery } = again.message;
  const before = await deliveries.find(delivery);
  if (before !== undefined && !isOpen(before.status)) return { kind: 'redelivered', delivery, status: before.status };
  if (before?.status === 'parked') return hasten(before, parts);
  await queueOne(queue, again);
  return { kind: 'queued', delivery };
}

async function withoutLetter(id: DeliveryId, parts: RedeliverParts): Promise<RedeliverOutcome> {
  const found = await parts.deliveries.find(id);
  if (found === undefined) return { kind: 'unknown' };
  if (found.status === 'parked') return hasten(found, parts);
  return found.status === 'dead' ? { kind: 'empty' } : { kind: 'not-dead', status: found.status };
}

async function hasten(parked: Delivery, parts: RedeliverParts): Promise<RedeliverOutcome> {
  const target = await targetOf(parked, parts);
  if (target.kind !== 'open') return target;
  const kind = await hastenDelivery(parked, target.subscription, parts);
  return kind === 'hastened' ? { kind, delivery: parked.id } : { kind };
}

type Target = { readonly kind: 'open'; readonly subscription: Subscription } | Extract<RedeliverOutcome, { readonly kind: 'subscription' }>;

async function targetOf({ subscription: id }: Pick<Delivery, 'subscription'>, { subscriptions }: RedeliverParts): Promise<Target> {
  const subscription = await subscriptions.find(id);
  if (subscription === undefined || subscription.status === 'deleted') return { kind: 'subscription', status: 'deleted' };
  if (subscription.status === 'disabled') return { kind: 'subscription', status: 'disabled' };
  return { kind: 'open', subscription };
}

function isOpen(status: DeliveryStatus): boolean {
  return status === 'pending' || status === 'parked';
}
