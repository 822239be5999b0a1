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
  change: changeSchema.extend({ sequence: z.string() }),
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

/** One try of a delivery. Either the endpoint answered (`status`) or it did not (`error`). */
export interface Attempt {
  readonly time: string;
  readonly status: number | null;
  readonly latencyMs: number;
  readonly error: AttemptError | null;
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
  readonly createdAt: string;
  readonly attempts: readonly Attempt[];
  readonly nextAttemptAt: string | null;
  /** The replay it belongs to; absent from what the change itself brought about. */
  readonly replay?: string | undefined;
}

export type Claim =
  /** Ours until the lease ends. `attempts` is how many were made before, `refusals` how many of them were settled with `refused`. */
  | { readonly kind: 'claimed'; readonly attempts: number; readonly refusals: number }
  /** Nothing left to do: delivered, dead, cancelled or superseded. */
  | { readonly kind: 'settled'; readonly status: DeliveryStatus }
  /** Another instance is at it, or it waits for its next attempt: not before `until`. */
  | { readonly kind: 'not-yet'; readonly until: Date };

/** What becomes of a claimed delivery after an attempt (or instead of one). */
export interface Settlement {
  readonly id: DeliveryId;
  readonly lease: string;
  readonly status: DeliveryStatus;
  readonly attempt?: Attempt;
  /** The attempt was answered by a receiver that will hardly change its mind (400, 404, 409, 413, 422): those are counted apart. */
  readonly refused?: boolean;
  /** Only with `pending`. */
  readonly nextAttemptAt?: Date;
}

export interface DeliveryQuery {
  readonly subscription?: string | undefined;
  readonly status?: DeliveryStatus | undefined;
  readonly change?: string | undefined;
  readonly user?: string | undefined;
  /** Created at or after. Default: 24 hours ago; with `change` or `user`, as long as deliveries are kept. */
  readonly since?: Date | undefined;
  /** 1 to 100. */
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/** Port: the delivery log and its claims. @throws RelayError DELIVERY_STORE_UNAVAILABLE */
export interface DeliveryStore {
  /** Takes the delivery for `leaseMs`, creating its record on the first call. At most one caller holds it at a time. */
  claim(request: { message: DeliveryMessage; lease: string; now: Date; leaseMs: number }): Promise<Claim>;
  /** Records the attempt and gives the lease up. Answers `lost` (and writes nothing) when another claim has taken the delivery over. */
  settle(settlement: Settlement): Promise<'settled' | 'lost'>;
  /** Newest first. A page may hold fewer than `limit`, even none, and still have a next one. */
  list(query: DeliveryQuery): Promise<DeliveryPage>;
}

export type DeliveryPage =
  | { readonly kind: 'page'; readonly data: readonly Delivery[]; readonly nextCursor: string | null }
  /** The cursor is none that a page of this list ended with. */
  | { readonly kind: 'bad-cursor' };

/** How long a delivery is remembered, for dedupe (14 days promised) and for the log (30 days promised). */
export const deliveryRetentionDays = 30;
