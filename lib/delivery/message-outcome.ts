import type { DeliveryReason, DeliveryStatus } from './delivery.ts';

/** What became of one delivery when it was worked. */
export type DeliveryOutcome = SettledOutcome | UnsettledOutcome;

/** Nothing more is owed. */
export type SettledOutcome =
  | { readonly kind: 'delivered' }
  /** It was settled before, with this status: the same change came twice. */
  | { readonly kind: 'duplicate'; readonly status: DeliveryStatus }
  | { readonly kind: 'dead'; readonly reason: DeliveryReason; readonly because: string }
  | { readonly kind: 'cancelled' }
  /** A newer change of the same state was delivered: recorded, not sent. */
  | { readonly kind: 'superseded' };

export type UnsettledOutcome =
  /** The endpoint did not take it, now or before; due again at `dueAt`. */
  | { readonly kind: 'failing'; readonly dueAt: Date; readonly because: string }
  /** Not attempted: the endpoint is down, or its owner has paused it. */
  | { readonly kind: 'held'; readonly reason: 'circuit' | 'paused' }
  /** Not attempted: as much is under way as the subscription allows. */
  | { readonly kind: 'limited'; readonly retryMs: number }
  /** For reasons of ours: another instance is at it, or at its state; our infrastructure failed. Nothing is known of the endpoint. */
  | { readonly kind: 'waits'; readonly waitMs: number; readonly reason: string };

/** What became of one message of a delivery queue. All but `waits` are final: the message may be deleted. */
export type MessageOutcome =
  | SettledOutcome
  | { readonly kind: 'quarantined' }
  /** Its delivery waits in the lane store now. */
  | { readonly kind: 'parked'; readonly reason: string }
  /** It was a release: its lane has been worked as far as it went. */
  | { readonly kind: 'released' }
  /** Its time has not come; what is behind it in its lane waits too. */
  | { readonly kind: 'waits'; readonly waitMs: number; readonly reason: string };

export function isSettled(outcome: DeliveryOutcome): outcome is SettledOutcome {
  return outcome.kind !== 'failing' && outcome.kind !== 'held' && outcome.kind !== 'limited' && outcome.kind !== 'waits';
}

/** The other instance's attempt has most likely ended by then. */
const lostWaitMs = 5_000;

/**
 * The lease ran out under us and another instance holds the delivery: its outcome is the one that is recorded. The message
 * is kept until that outcome is known, for if we deleted it here and the other attempt failed, nobody would be left to try
 * again. After a 2xx of ours this can mean a repeat with the same `webhook-id`, never a loss.
 */
export const lostClaim = { kind: 'waits', waitMs: lostWaitMs, reason: 'lost-claim' } as const satisfies UnsettledOutcome;
