import { narrowedChange } from '../subscriptions/narrowed-change.ts';
import type { Subscription } from '../subscriptions/subscription.ts';
import type { DeliveryMessage } from './delivery.ts';

/**
 * The message with as much of its change as the subscription asks for now. What was queued before a subscription asked for less holds more than that,
 * and must not be written anew as it is. Total, and does not touch its input.
 */
export function narrowedMessage(message: DeliveryMessage, subscription: Pick<Subscription, 'format' | 'attributes'>): DeliveryMessage {
  return { ...message, change: narrowedChange(message.change, subscription) };
}
