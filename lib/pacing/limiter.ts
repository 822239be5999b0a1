import type { Limits, SubscriptionId } from '../subscriptions/subscription.ts';

export type Entrance =
  /** May send one request. `leave` once it has ended, however it did. */
  | { readonly kind: 'open'; leave(): void }
  /** As much is under way, or was begun in this second, as the subscription allows; worth another look after `retryMs`. */
  | { readonly kind: 'full'; readonly retryMs: number };

/**
 * Port: a subscription's limits over all instances. An instance leases places for a second at a time, so that a busy subscription costs one write for
 * a second of an instance and not one for a request; a request that outlasts its second takes its place along into the next.
 * @throws RelayError DELIVERY_STORE_UNAVAILABLE
 */
export interface Limiter {
  enter(subscription: SubscriptionId, limits: Limits | undefined): Promise<Entrance>;
}
