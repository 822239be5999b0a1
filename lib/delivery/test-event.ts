import type { SequencedChange } from '../identity/change.ts';
import { findShown } from '../subscriptions/find-shown.ts';
import { narrowedChange } from '../subscriptions/narrowed-change.ts';
import type { Subscription, SubscriptionId, SubscriptionReader } from '../subscriptions/subscription.ts';
import { relayTypeOf } from '../subscriptions/type-pattern.ts';
import type { DeliveryQueue, QueuedDelivery } from './delivery-queue.ts';
import { deliveryIdOf, type DeliveryId } from './delivery.ts';
import { placed } from './lane.ts';
import { operatorChange, type EventSubject } from './operator-events.ts';
import { queueOne } from './queue-one.ts';

export interface TestEventParts {
  readonly subscriptions: Pick<SubscriptionReader, 'find'>;
  readonly queue: DeliveryQueue;
  readonly now: () => Date;
  /** A uuid. */
  readonly newEventId: () => string;
}

export type TestEventOutcome =
  | { readonly kind: 'queued'; readonly delivery: DeliveryId; readonly change: string }
  | { readonly kind: 'unknown' }
  /** It is not sent to. */
  | { readonly kind: 'refused'; readonly status: Subscription['status'] };

/**
 * A test as a change: an event of the relay about the subscription itself. It names no person, sets no state and comes from no org, so that no
 * receiver can take it for news from Okta.
 */
function testChange(event: { id: string; at: string }, subject: EventSubject): SequencedChange {
  // As an operator event, but for its type and its lane: a test waits behind nothing.
  const change = operatorChange({ ...event, kind: 'recovered' }, subject);
  return { ...change, type: relayTypeOf('test'), partitionkey: `${change.data.org}:${event.id}` };
}

/**
 * Puts a test event on the queue, to exactly this subscription and whatever it asks for. Each has a lane of its own and is delivered as any change is:
 * signed, retried and recorded.
 * @throws RelayError SUBSCRIPTION_STORE_UNAVAILABLE, DELIVERY_QUEUE_UNAVAILABLE; it may be on the queue then
 */
export async function sendTestEvent(id: SubscriptionId, parts: TestEventParts): Promise<TestEventOutcome> {
  const subscription = await findShown(parts.subscriptions, id);
  if (subscription === undefined) return { kind: 'unknown' };
  if (subscription.status !== 'active') return { kind: 'refused', status: subscription.status };
  const queued = testDelivery(subscription, testChange({ id: parts.newEventId(), at: parts.now().toISOString() }, subscription));
  await queueOne(parts.queue, queued);
  return { kind: 'queued', delivery: queued.message.delivery, change: queued.message.change.id };
}

function testDelivery(subscription: Subscription, change: SequencedChange): QueuedDelivery {
  const { id, ordering } = subscription;
  const { org } = change.data;
  const delivery = deliveryIdOf(id, org, change.id);
  const message = { v: 1 as const, delivery, subscription: id, org, change: narrowedChange(change, subscription) };
  return placed(message, { orderingKey: change.id, ordering });
}
