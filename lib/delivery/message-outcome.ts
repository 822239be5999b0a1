/** What became of one message of `deliveries.fifo`. All but `waits` are final: the message may be deleted. */
export type MessageOutcome =
  | { readonly kind: 'delivered' }
  /** It was settled before: the same change came twice. */
  | { readonly kind: 'duplicate' }
  | { readonly kind: 'dead'; readonly reason: string }
  | { readonly kind: 'cancelled' }
  /** A newer change of the same state was delivered: recorded, not sent. */
  | { readonly kind: 'superseded' }
  | { readonly kind: 'quarantined' }
  /** Its time has not come; what is behind it in its lane waits too. */
  | { readonly kind: 'waits'; readonly waitMs: number; readonly reason: string };

/** The other instance's attempt has most likely ended by then. */
const lostWaitMs = 5_000;

/**
 * The lease ran out under us and another instance holds the delivery: its outcome is the one that is recorded. The message
 * is kept until that outcome is known, for if we deleted it here and the other attempt failed, nobody would be left to try
 * again. After a 2xx of ours this can mean a repeat with the same `webhook-id`, never a loss.
 */
export const lostClaim: MessageOutcome = { kind: 'waits', waitMs: lostWaitMs, reason: 'lost-claim' };
