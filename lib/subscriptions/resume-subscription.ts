import { findShown } from './find-shown.ts';
import { moveSubscription, type MoveOutcome, type MoveParts } from './move-subscription.ts';
import type { SubscriptionId } from './subscription.ts';

/**
 * Has a subscription that is paused or disabled go on, and one whose circuit is open be sent to at once: its owner says that the endpoint is well.
 * @throws RelayError SUBSCRIPTION_STORE_UNAVAILABLE; it may be resumed then
 */
export async function resumeSubscription(id: SubscriptionId, parts: MoveParts): Promise<MoveOutcome> {
  const seen = await findShown(parts.subscriptions, id);
  if (seen?.status === 'active' && seen.circuit === undefined) return { kind: 'moved', subscription: seen };
  return moveSubscription(id, { status: 'active', from: ['paused', 'disabled', 'active'], at: parts.now() }, parts);
}
