import { fieldProblemsOf, type FieldProblem } from './field-problems.ts';
import { findShown } from './find-shown.ts';
import { liveSecrets } from './signing-secret.ts';
import type { FieldBounds } from './subscription-fields.ts';
import { changesOf, subscriptionPatchSchema } from './subscription-patch.ts';
import { noneWithMinimal } from './subscription-request.ts';
import type { Subscription, SubscriptionId, SubscriptionStore } from './subscription.ts';

export interface ChangeSubscriptionParts extends FieldBounds {
  readonly subscriptions: Pick<SubscriptionStore, 'find' | 'change'>;
  readonly now: () => Date;
}

export type ChangeSubscriptionOutcome =
  /** As it is now; somebody may have changed it once more since. */
  | { readonly kind: 'changed'; readonly subscription: Subscription }
  | { readonly kind: 'invalid'; readonly errors: readonly FieldProblem[] }
  | { readonly kind: 'unknown' }
  /** It was changed at the same time, or its status moved; nothing was written. */
  | { readonly kind: 'raced' };

/**
 * Changes what its owner decides about a subscription, all of it or nothing.
 * @throws RelayError SUBSCRIPTION_STORE_UNAVAILABLE; it may be changed then
 */
export async function changeSubscription(
  body: unknown,
  id: SubscriptionId,
  { subscriptions, now, ...fieldBounds }: ChangeSubscriptionParts,
): Promise<ChangeSubscriptionOutcome> {
  const seen = await findShown(subscriptions, id);
  if (seen === undefined) return { kind: 'unknown' };
  const parsed = subscriptionPatchSchema(fieldBounds).safeParse(body);
  if (!parsed.success) return { kind: 'invalid', errors: fieldProblemsOf(parsed.error) };
  if (seen.format === 'minimal' && parsed.data.attributes) {
    return { kind: 'invalid', errors: [{ pointer: '/attributes', detail: noneWithMinimal }] };
  }
  const changes = changesOf(parsed.data, seen);
  if (Object.keys(changes).length === 0) return { kind: 'changed', subscription: seen };
  const at = now();
  // What has expired is not kept longer than until the next write.
  const signingSecrets = liveSecrets(seen.signingSecrets, at);
  const outcome = await subscriptions.change(seen, { ...changes, at, signingSecrets });
  const subscription = await findShown(subscriptions, id);
  if (subscription === undefined) return { kind: 'unknown' };
  return outcome === 'changed' ? { kind: 'changed', subscription } : { kind: 'raced' };
}
