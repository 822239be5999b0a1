import { createHash } from 'node:crypto';
import type { Subscription } from '../subscriptions/subscription.ts';
import type { QueuedDelivery } from './delivery-queue.ts';
import { deliveryIdOf, type DeadLetter, type DeliveryId } from './delivery.ts';
import { orderingKeyIn, placed } from './lane.ts';
import { narrowedMessage } from './narrowed-message.ts';
import { replayIdSchema, type ReplayId } from './replay-mark.ts';

/**
 * A dead letter, to be sent again: marked with `replay`, in its lane of the replay queue, and under the stale guard, also where the letter is of a replay in
 * full: that was asked for then, and newer state may have been delivered since. The new delivery's id follows from the dead one's, whatever asks for it:
 * however often that happens, it is one delivery. It holds what the subscription asks for now, and no more than the letter.
 */
export function redelivery({ delivery: { id }, message }: DeadLetter, subscription: Target, replay = redeliveryIdOf(id)): QueuedDelivery {
  const { change, org } = message;
  const key = redeliveryIdOf(id);
  const delivery = deliveryIdOf(message.subscription, org, change.id, key);
  const mark = { id: replay, full: false, ...(replay === key ? {} : { key }) };
  const again = { ...narrowedMessage(message, subscription), delivery, replay: mark };
  // What was delivered once had an ordering key; the fallback only keeps this total.
  return placed(again, { orderingKey: orderingKeyIn(change) ?? change.id, ordering: subscription.ordering });
}

/** Of the same form as a replay's, which a redelivery is to whoever receives it. */
function redeliveryIdOf(id: DeliveryId): ReplayId {
  return replayIdSchema.parse(`rpl_${createHash('sha256').update(id).digest('hex').slice(0, 32)}`);
}

type Target = Pick<Subscription, 'ordering' | 'format' | 'attributes'>;
