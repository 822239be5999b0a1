import { findShown } from '../subscriptions/find-shown.ts';
import { publicKeysOf } from '../subscriptions/public-keys.ts';
import { subscriptionIdSchema } from '../subscriptions/subscription.ts';
import type { AdminCall } from './admin-call.ts';

/**
 * The public keys of a subscription, for its receiver, who has no token. Whoever knows the id learns them and nothing else; one that
 * is not signed for with `v1a` is answered as one that is not there.
 */
export const subscriptionKeysCall: AdminCall = async ({ name }, { subscriptions, now }) => {
  const id = subscriptionIdSchema.safeParse(name);
  const subscription = id.success ? await findShown(subscriptions, id.data) : undefined;
  const keys = subscription === undefined ? [] : publicKeysOf(subscription, now());
  return keys.length === 0 ? { kind: 'not-found' } : { kind: 'found', body: { keys } };
};
