import type { Admission } from '../pacing/circuits.ts';
import type { Claim, DeliveryMessage } from '../delivery/delivery.ts';
import type { Subscription } from '../subscriptions/subscription.ts';

/** A delivery that is ours until its lease ends, with all that an attempt of it needs. */
export interface ClaimedDelivery {
  readonly message: DeliveryMessage;
  readonly group: string;
  readonly lease: string;
  readonly leaseUntil: Date;
  readonly claim: Extract<Claim, { kind: 'claimed' }>;
  readonly subscription: Subscription;
  /** Of the subscription, opened, newest first. */
  readonly secrets: readonly string[];
  readonly admission: Admitted;
  /** The request is over: what comes after it keeps nobody else from beginning one. */
  readonly answered: () => void;
}

/** How the circuit let it through. With `probe` it is sent to find out whether the endpoint is back: a failure does not count. */
export type Admitted = Exclude<Admission, { kind: 'open' }>;
