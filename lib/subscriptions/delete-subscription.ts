import type { MoveParts } from './move-subscription.ts';
import type { SubscriptionId } from './subscription.ts';

/**
 * Deletes a subscription: it is sent to no more, and what is owed to it is cancelled. `deleted` again as long as `sweep` has not cleared it away.
 * @throws RelayError SUBSCRIPTION_STORE_UNAVAILABLE; it may be deleted then
 */
export async function deleteSubscription(id: SubscriptionId, { subscriptions, now }: MoveParts): Promise<'deleted' | 'unknown'> {
  if (await subscriptions.setStatus(id, { status: 'deleted', from: ['active', 'paused', 'disabled'], at: now() })) return 'deleted';
  return (await subscriptions.find(id)) === undefined ? 'unknown' : 'deleted';
}
