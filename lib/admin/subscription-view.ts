import type { Subscription } from '../subscriptions/subscription.ts';

/** A subscription as callers see it: field by field, so that nothing sealed can come along. */
export function subscriptionView(subscription: Subscription): object {
  const { id, name, url, types, orgs, filter, ordering, format, status, createdAt, updatedAt } = subscription;
  return { id, name, url, types, orgs, filter, ordering, format, status, createdAt, updatedAt };
}
