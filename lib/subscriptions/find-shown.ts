import type { Subscription, SubscriptionId, SubscriptionReader } from './subscription.ts';

/** A subscription as its owner sees it: one that is `deleted` is gone. @throws RelayError SUBSCRIPTION_STORE_UNAVAILABLE */
export async function findShown(subscriptions: Pick<SubscriptionReader, 'find'>, id: SubscriptionId): Promise<Subscription | undefined> {
  const found = await subscriptions.find(id);
  return found?.status === 'deleted' ? undefined : found;
}
