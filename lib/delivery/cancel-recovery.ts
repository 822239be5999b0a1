import { RelayError } from '../errors.ts';
import { findShown } from '../subscriptions/find-shown.ts';
import type { SubscriptionId, SubscriptionStore } from '../subscriptions/subscription.ts';

/** A sweep writes down how far it is several times a second at most, and each of these asks twice for milliseconds. */
const maxRounds = 20;

/**
 * Ends the recovery of a subscription that is running; when none is, there is nothing to end. What a sweep is sending at this moment is still sent.
 * @throws RelayError SUBSCRIPTION_STORE_UNAVAILABLE
 */
export async function cancelRecovery(
  id: SubscriptionId,
  { subscriptions }: { readonly subscriptions: Pick<SubscriptionStore, 'find' | 'setRecovery'> },
): Promise<'cancelled' | 'unknown'> {
  for (let round = 0; round < maxRounds; round += 1) {
    const subscription = await findShown(subscriptions, id);
    if (subscription === undefined) return 'unknown';
    const { recovery } = subscription;
    if (recovery?.status !== 'running') return 'cancelled';
    // Refused: a sweep has moved it meanwhile.
    if (await subscriptions.setRecovery(id, { seen: recovery, recovery: { ...recovery, status: 'cancelled' } })) return 'cancelled';
  }
  throw new RelayError('SUBSCRIPTION_STORE_UNAVAILABLE', 'A recovery moved on each time it was to be cancelled', {
    facts: { subscription: id },
  });
}
