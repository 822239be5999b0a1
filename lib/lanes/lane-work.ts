import type { SubscriptionId } from '../subscriptions/subscription.ts';
import type { TriedPart } from '../delivery/lane-store.ts';
import type { DeliveryOutcome } from '../delivery/message-outcome.ts';

export interface LaneWork {
  /** The first request is the probe of an open circuit; where it fails, what waits behind it up to a removal has one more. */
  readonly probe: boolean;
  /** False when nothing more should be begun. */
  readonly hasTime: () => boolean;
  /** Counts what became of each delivery. */
  readonly note: (outcome: DeliveryOutcome, subscription: SubscriptionId) => void;
}

export type LaneEnd =
  /** Nothing waits in it any more. */
  | { readonly kind: 'open' }
  /** It waits for `sweep` again. */
  | { readonly kind: 'laid-down' }
  /** Another release was issued, or another parking begun, meanwhile: it is no longer ours. */
  | { readonly kind: 'lost' }
  /** To be gone on with soon, by who holds the token. `limit`: there was no room for any of it; `limit-reached`: for some there was. */
  | { readonly kind: 'waits'; readonly waitMs: number; readonly reason: string; readonly tried?: TriedPart | undefined };
