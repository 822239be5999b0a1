import type { Subscription } from '../subscriptions/subscription.ts';
import type { QueuedDelivery } from './delivery-queue.ts';
import { deliveryIdOf, type DeadLetter } from './delivery.ts';
import { orderingKeyIn, placed } from './lane.ts';
import { narrowedMessage } from './narrowed-message.ts';
import type { ReplayId } from './replay-mark.ts';

/**
 * A dead letter, to be sent again: under an id of its own, marked, in its lane of the replay queue, and under the stale guard. Asking again with the
 * same `replay` brings the same delivery, so that a repeat sends nothing twice. It holds what the subscription asks for now, and no more than the letter.
 */
export function redelivery({ message }: DeadLetter, subscription: Target, replay: ReplayId): QueuedDelivery {
  const { change, org } = message;
  const delivery = deliveryIdOf(message.subscription, org, change.id, replay);
  const again = { ...narrowedMessage(message, subscription), delivery, replay: { id: replay, full: message.replay?.full ?? false } };
  // What was delivered once had an ordering key; the fallback only keeps this total.
  return placed(again, { orderingKey: orderingKeyIn(change) ?? change.id, ordering: subscription.ordering });
}

type Target = Pick<Subscription, 'ordering' | 'format' | 'attributes'>;
