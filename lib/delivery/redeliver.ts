import { createHash } from 'node:crypto';
import type { SubscriptionReader } from '../subscriptions/subscription.ts';
import type { DeliveryQueue } from './delivery-queue.ts';
import type { DeliveryId, DeliveryStatus, DeliveryStore } from './delivery.ts';
import { queueOne } from './queue-one.ts';
import { redelivery } from './redelivery.ts';
import { replayIdSchema, type ReplayId } from './replay-mark.ts';

export interface RedeliverParts {
  readonly deliveries: Pick<DeliveryStore, 'find' | 'letter'>;
  readonly subscriptions: Pick<SubscriptionReader, 'find'>;
  /** The one of replays. */
  readonly queue: DeliveryQueue;
}

export type RedeliverOutcome =
  | { readonly kind: 'queued'; readonly delivery: DeliveryId }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'not-dead'; readonly status: DeliveryStatus }
  /** Dead, and what it held was not kept. */
  | { readonly kind: 'empty' }
  /** Dead, and what is kept of it cannot be read. */
  | { readonly kind: 'unreadable' }
  | { readonly kind: 'subscription'; readonly status: 'deleted' | 'disabled' }
  /** It was sent again before, as this delivery, which has come to its own end. */
  | { readonly kind: 'redelivered'; readonly delivery: DeliveryId; readonly status: DeliveryStatus };

/**
 * Sends one dead letter again. The new delivery's id follows from the dead one's: however often and by however many it is asked for, it is one delivery.
 * If that one dies too, it is a dead letter by itself.
 * @throws RelayError DELIVERY_STORE_UNAVAILABLE, SUBSCRIPTION_STORE_UNAVAILABLE, DELIVERY_QUEUE_UNAVAILABLE; it may be on the queue then
 */
export async function redeliver(id: DeliveryId, { deliveries, subscriptions, queue }: RedeliverParts): Promise<RedeliverOutcome> {
  const letter = await deliveries.letter(id);
  if (letter === undefined) return withoutLetter(id, deliveries);
  if ('unreadable' in letter) return { kind: 'unreadable' };
  const subscription = await subscriptions.find(letter.message.subscription);
  if (subscription === undefined || subscription.status === 'deleted') return { kind: 'subscription', status: 'deleted' };
  if (subscription.status === 'disabled') return { kind: 'subscription', status: 'disabled' };
  const again = redelivery(letter, subscription, redeliveryIdOf(id));
  const { delivery } = again.message;
  const before = await deliveries.find(delivery);
  if (before !== undefined && !isOpen(before.status)) return { kind: 'redelivered', delivery, status: before.status };
  await queueOne(queue, again);
  return { kind: 'queued', delivery };
}

async function withoutLetter(id: DeliveryId, deliveries: Pick<DeliveryStore, 'find'>): Promise<RedeliverOutcome> {
  const found = await deliveries.find(id);
  if (found === undefined) return { kind: 'unknown' };
  return found.status === 'dead' ? { kind: 'empty' } : { kind: 'not-dead', status: found.status };
}

function isOpen(status: DeliveryStatus): boolean {
  return status === 'pending' || status === 'parked';
}

/** Of the same form as a replay's, which a redelivery is to whoever receives it. */
function redeliveryIdOf(id: DeliveryId): ReplayId {
  return replayIdSchema.parse(`rpl_${createHash('sha256').update(id).digest('hex').slice(0, 32)}`);
}
