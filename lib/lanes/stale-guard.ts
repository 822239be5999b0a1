import type { SubscriptionId } from '../subscriptions/subscription.ts';

/** One piece of state, as one subscription was told of it. */
export interface GuardedState {
  readonly subscription: SubscriptionId;
  readonly source: string;
  readonly stateKey: string;
}

/** A change on its way past the guard. */
export interface Passage extends GuardedState {
  readonly sequence: string;
  /** A name for this one passage; the lease of the delivery's claim. */
  readonly lease: string;
  readonly now: Date;
  /** The attempt has ended by then, or its process has: none is begun that could take longer. */
  readonly until: Date;
}

export type Standing =
  | { readonly kind: 'open' }
  /** A newer change of this state was delivered, or may have been: see `leave`. Final. */
  | { readonly kind: 'superseded' }
  /** A change of this state is being sent right now; not before `until`, unless it ends earlier. */
  | { readonly kind: 'busy'; readonly until: Date };

export type PassageEnd = 'delivered' | 'failed' | 'unknown';

/**
 * Port: per subscription, `source` and state key, what is delivered only moves forward in Okta's time (the stale-write contract).
 *
 * A passage is begun before its request is sent and ended once its outcome is known, and one at a time may be under way for a
 * state. So nothing is sent on a check that has grown old: not beside another lane (replay, and ordering `none`, bring one state
 * in several groups of the queue), and not by an instance that lost its lease.
 *
 * Where a process dies, or this store cannot be reached:
 * - between `enter` and the subscriber's answer, or between a 2xx and the delivery's record: the passage stays begun and its lease runs out.
 *   Whether the subscriber has the change, nobody knows. It is still owed, comes again and may pass; what is older may not, because a passage
 *   that nobody ended counts as delivered. Even if every repeat then fails, what is older stays out: Okta's truth is the newer one.
 * - when the request left and its receiver's word did not come back (a timeout, a reset, a gateway's 502): the same, but the state is free at once.
 * - between the record of a 2xx and `leave`: the same, but nothing comes again. Until the lease runs out the state is busy.
 * - between the `leave` of a failure and its record: the attempt is made again, uncounted.
 * So in no window is an older change sent after a newer one was acknowledged, and a refusal that was seen leaves no doubt: after it, what is
 * older is not stale, and passes.
 *
 * @throws RelayError DELIVERY_STORE_UNAVAILABLE; the delivery is then still owed
 */
export interface StaleGuard {
  /** How a change of this `sequence` stands, without beginning a passage. `busy` only when what is being sent is newer. */
  look(state: GuardedState, change: { readonly sequence: string; readonly now: Date }): Promise<Standing>;
  /** Begins the passage when it is `open`. */
  enter(passage: Passage): Promise<Standing>;
  /** `delivered`: moves the state forward, never back, also when the lease has run out. `failed`: nothing came of it. `unknown`: it may have arrived. */
  leave(passage: Passage, end: PassageEnd): Promise<void>;
}

/**
 * How long a state is remembered after its last passage. An older change cannot come later than this, not as a dead letter that is sent again on its last
 * day either: the log keeps it 7 days, the queue 14, a lane 7 and a pause 7 more, its letter 30, and then the queue 14 and a pause 7 once more.
 */
export const stateRetentionDays = 90;
