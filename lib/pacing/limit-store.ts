import type { SubscriptionId } from '../subscriptions/subscription.ts';

/** One second of one subscription, over all instances. What is not asked for again in the next second has come back by itself. */
export interface LimitSecond {
  readonly subscription: SubscriptionId;
  /** Seconds since 1970. */
  readonly second: number;
}

/** Places: requests under way in that second. Tokens: attempts begun in it. */
export interface Leased {
  readonly places: number;
  readonly tokens: number;
}

export interface Lease extends Leased {
  /** Of what less is left in this second than was wanted, so that asking again is in vain. */
  readonly lacking: readonly (keyof Leased)[];
}

export interface LeaseRequest {
  readonly want: Leased;
  /** Of all instances together. */
  readonly caps: Leased;
}

/**
 * Port: how much of a subscription's limits is leased out, second by second. Each call is one conditional write, and a second time one when it met the
 * cap. A write whose answer was lost counts twice: less is given out for that second, never more.
 * @throws RelayError DELIVERY_STORE_UNAVAILABLE
 */
export interface LimitStore {
  /** Leases as much of what is wanted as is left below the caps; nothing at all where of one that is wanted nothing is left. */
  lease(of: LimitSecond, request: LeaseRequest): Promise<Lease>;
  /** Takes places whatever the cap says, for requests that are under way, which nobody calls back. Answers how many are taken now, by all. */
  carry(of: LimitSecond, places: number): Promise<number>;
}

/** How long a second is remembered, far beyond any clock that is behind. */
export const limitRetentionSeconds = 3_600;
