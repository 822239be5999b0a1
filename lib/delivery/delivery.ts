import { createHash } from 'node:crypto';
import * as z from 'zod';
import { changeSchema } from '../identity/change.ts';
import { orgIdSchema } from '../okta/org.ts';
import { subscriptionIdSchema, type SubscriptionId } from '../subscriptions/subscription.ts';
import { replayMarkSchema, type ReplayId } from './replay-mark.ts';

export const deliveryStatuses = ['pending', 'parked', 'delivered', 'superseded', 'dead', 'cancelled'] as const;
export type DeliveryStatus = (typeof deliveryStatuses)[number];

/** One change owed to one subscription. Derived, so that the same change twice is one delivery: `dlv_` and 32 hex digits. */
export type DeliveryId = string & { readonly __brand: 'DeliveryId' };

/**
 * Dedupe key per (subscription, org, change id), and per replay where one sends the change again: what was asked for is no repeat.
 * Hashed because Okta ids are opaque and SQS restricts characters and length.
 */
export function deliveryIdOf(subscription: SubscriptionId, org: string, changeId: string, replay?: ReplayId): DeliveryId {
  const parts = [subscription, org, changeId, ...(replay === undefined ? [] : [replay])];
  const digest = createHash('sha256').update(JSON.stringify(parts)).digest('hex');
  return `dlv_${digest.slice(0, 32)}` as DeliveryId;
}

/** Body of a message in `deliveries.fifo`. */
export const deliveryMessageSchema = z.object({
  v: z.literal(1),
  delivery: z
    .string()
    .regex(/^dlv_[0-9a-f]{32}$/)
    .transform((id) => id as DeliveryId),
  subscription: subscriptionIdSchema,
  org: orgIdSchema,
  change: changeSchema.extend({ sequence: changeSchema.shape.sequence.unwrap() }),
  /** W3C trace context of the hook request that brought the change. */
  traceparent: z.string().optional(),
  replay: replayMarkSchema.optional(),
});
export type DeliveryMessage = z.infer<typeof deliveryMessageSchema>;

/** Why an attempt failed below HTTP. Total: `unknown` means a bug and is retried. */
export const attemptErrors = [
  'timeout',
  'dns',
  'address-refused',
  'connection-refused',
  'connection-reset',
  'tls',
  'network-unreachable',
  'invalid-response',
  'unknown',
] as const;
export type AttemptError = (typeof attemptErrors)[number];

/** Why a delivery is `dead`, `superseded` or `cancelled`, where its last attempt does not say it. */
export const deliveryReasons = [
  /** All its attempts failed. */
  'exhausted',
  /** Answered 410. */
  'gone',
  /** It failed, and a removal behind it in its lane got through. */
  'yielded',
  'subscription-disabled',
  'subscription-deleted',
  /** Owed for more than seven days. */
  'expired',
] as const;
export type DeliveryReason = (typeof deliveryReasons)[number];

/** One try of a delivery. Either the endpoint answered (`status`) or it did not (`error`). */
export interface Attempt {
  readonly time: string;
  readonly status: number | null;
  readonly latencyMs: number;
  readonly error: AttemptError | null;
  /** Beginning of the answer's body, as text, control characters escaped; absent when there was none. It is the subscriber's words: shown, never read. */
  readonly answer?: string | undefined;
  /** Made to find out whether a failing endpoint is back: it does not count. */
  readonly probe?: true | undefined;
}

/** A delivery as it is listed. */
export interface Delivery {
  readonly id: DeliveryId;
  readonly subscription: SubscriptionId;
  readonly org: string;
  readonly change: string;
  readonly type: string;
  readonly user: string | null;
  readonly status: DeliveryStatus;
  readonly reason?: DeliveryReason | undefined;
  readonly createdAt: string;
  /** Oldest first: the first `longestAttemptLog` but one, and the newest. */
  readonly attempts: readonly Attempt[];
  readonly nextAttemptAt: string | null;
  /** The replay or redelivery it belongs to; absent from what the change itself brought about. */
  readonly replay?: string | undefined;
  /** Its group in the queue where its subscription has deliveries in order, see lane.ts; absent from records of before it was kept. */
  readonly group?: string | undefined;
}

/** A dead delivery with what it takes to send it again. */
export interface DeadLetter {
  readonly delivery: Delivery;
  readonly message: DeliveryMessage;
}

/** A dead delivery whose letter is kept and cannot be read: somebody else has written over it. */
export interface UnreadableLetter {
  readonly unreadable: DeliveryId;
}

export type Claim =
  /**
   * Ours until the lease ends. `attempts` is how many were made before and counted, `refusals` how many of them were settled with `refused`,
   * `createdAt` when the delivery was first heard of.
   */
  | { readonly kind: 'claimed'; readonly attempts: number; readonly refusals: number; readonly createdAt: Date }
  /** Nothing left to do: delivered, dead, cancelled or superseded. */
  | { readonly kind: 'settled'; readonly status: DeliveryStatus }
  /** Another instance is at it (`leased`), or it waits for its next attempt (`waiting`): not before `until`. */
  | { readonly kind: 'not-yet'; readonly why: 'leased' | 'waiting'; readonly until: Date };

/** What becomes of a claimed delivery after an attempt (or instead of one). */
export interface Settlement {
  readonly id: DeliveryId;
  readonly lease: string;
  readonly status: DeliveryStatus;
  readonly reason?: DeliveryReason;
  /** A `probe` is recorded and not counted. */
  readonly attempt?: Attempt;
  /** Kept with a `dead` delivery (and with no other), so that it can be sent again. */
  readonly letter?: DeliveryMessage;
  /** The attempt was answered by a receiver that will hardly change its mind (400, 404, 409, 413, 422): those are counted apart. */
  readonly refused?: boolean;
  /** Only with `pending` and `parked`. */
  readonly nextAttemptAt?: Date;
}

export interface DeliveryQuery {
  readonly subscription?: string | undefined;
  readonly status?: DeliveryStatus | undefined;
  readonly change?: string | undefined;
  readonly user?: string | undefined;
  /** Created at or after. Default: 24 hours ago; with `change` or `user`, as long as deliveries are kept. */
  readonly since?: Date | undefined;
  /** Created before. */
  readonly until?: Date | undefined;
  /** 1 to 100. */
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/** Port: the delivery log and its claims. @throws RelayError DELIVERY_STORE_UNAVAILABLE */
export interface DeliveryStore {
  /** Takes the delivery for `leaseMs`, creating its record on the first call. At most one caller holds it at a time. */
  claim(request: {
    message: DeliveryMessage;
    lease: string;
    now: Date;
    leaseMs: number;
    /** Also before its next attempt is due; not from under another's lease. */
    early?: boolean;
  }): Promise<Claim>;
  /**
   * Writes down that a delivery waits in a parked lane: `parked`, its record made if there is none. Leaves its attempts, its next attempt and
   * a lease alone, and does nothing to one that is settled.
   */
  park(request: { message: DeliveryMessage; now: Date }): Promise<void>;
  /** Records the attempt and gives the lease up. Answers `lost` (and writes nothing) when another claim has taken the delivery over. */
  settle(settlement: Settlement): Promise<'settled' | 'lost'>;
  /** Consistent. */
  find(id: DeliveryId): Promise<Delivery | undefined>;
  /** `undefined` for a delivery that is not there, not `dead`, or was settled without a letter. Consistent. */
  letter(id: DeliveryId): Promise<DeadLetter | UnreadableLetter | undefined>;
  /** Newest first. A page may hold fewer than `limit`, even none, and still have a next one. */
  list(query: DeliveryQuery): Promise<DeliveryPage>;
}

export type DeliveryPage =
  | { readonly kind: 'page'; readonly data: readonly Delivery[]; readonly nextCursor: string | null }
  /** The cursor is none that a page of this list ended with. */
  | { readonly kind: 'bad-cursor' };

/** Attempts that are kept of a delivery: more than any schedule has, while a head that is probed for days may have hundreds. */
export const longestAttemptLog = 32;

/** How long a delivery is remembered, for dedupe (14 days promised) and for the log (30 days promised). */
export const deliveryRetentionDays = 30;

/** What is owed for longer, from when it was first heard of, is dead-lettered: a subscriber that was away for a week is better served by a replay. */
export const deliveryLifetimeMs = 7 * 24 * 60 * 60_000;
