import { moveSubscription, type MoveOutcome, type MoveParts } from './move-subscription.ts';
import type { SubscriptionId } from './subscription.ts';

/**
 * Has a subscription that is paused or disabled go on, and one whose circuit is open be sent to at once: its owner says that the endpoint is well. So
 * whatever waits for a later attempt is tried at once, also of one that was going on already; `sweep` does it, see lib/sweep/hastened-lanes.ts.
 * @throws RelayError SUBSCRIPTION_STORE_UNAVAILABLE; it may be resumed then
 */
export async function resumeSubscription(id: SubscriptionId, parts: MoveParts): Promise<MoveOutcome> {
  const at = parts.now();
  return moveSubscription(id, { status: 'active', from: ['paused', 'disabled', 'active'], at, resumedAt: at }, parts);
}
