import { findShown } from './find-shown.ts';
import type { StatusChange, Subscription, SubscriptionId, SubscriptionStore } from './subscription.ts';

export interface MoveParts {
  readonly subscriptions: Pick<SubscriptionStore, 'find' | 'setStatus'>;
  readonly now: () => Date;
}

export type MoveOutcome =
  /** As it is now. */
  | { readonly kind: 'moved'; readonly subscription: Subscription }
  | { readonly kind: 'unknown' }
  /** From this status it does not go there. */
  | { readonly kind: 'refused'; readonly status: Subscription['status'] };

/** Moves a subscription to another status, in one step. @throws RelayError SUBSCRIPTION_STORE_UNAVAILABLE; it may be moved then */
export async function moveSubscription(
  id: SubscriptionId,
  change: StatusChange,
  { subscriptions }: Pick<MoveParts, 'subscriptions'>,
): Promise<MoveOutcome> {
  const moved = await subscriptions.setStatus(id, change);
  const subscription = await findShown(subscriptions, id);
  if (subscription === undefined) return { kind: 'unknown' };
  return moved ? { kind: 'moved', subscription } : { kind: 'refused', status: subscription.status };
}
