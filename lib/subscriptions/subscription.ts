import * as z from 'zod';
import { orgIdSchema } from '../okta/org.ts';
import { signingSecretSchema } from './signing-secret.ts';

export const subscriptionIdSchema = z
  .string()
  .regex(/^sub_[0-9a-z]{20,40}$/)
  .brand<'SubscriptionId'>();
export type SubscriptionId = z.infer<typeof subscriptionIdSchema>;

/**
 * `active` is sent to. `paused` waits, for its owner asked so, and what is owed meanwhile is parked. `disabled` was switched off by the
 * relay, see `disabledReason`. `deleted` is on its way out: nobody is shown it, and what is owed to it is cancelled.
 */
export const subscriptionStatuses = ['active', 'paused', 'disabled', 'deleted'] as const;

/** `gone`: the endpoint answered 410. `failing`: it failed for five days. */
export const disabledReasons = ['gone', 'failing'] as const;

/** What is sent of a change. */
export const formats = ['cloudevents', 'minimal'] as const;

/** How much of the relay one subscription may take. */
export const limitsSchema = z.object({
  /** Attempts begun in a second, over all instances. Absent: as fast as the other limit allows. */
  deliveriesPerSecond: z.number().int().min(1).max(1_000).optional(),
  /** Requests at a time, over all instances. */
  concurrency: z.number().int().min(1).max(100).optional(),
});
export type Limits = z.infer<typeof limitsSchema>;
export const defaultConcurrency = 10;

/** Absent from a subscription: closed. Written on transitions only. */
const circuitSchema = z.object({
  /** When it was opened; names this opening. */
  since: z.iso.datetime(),
  /** Not probed before. */
  probeAt: z.iso.datetime(),
  /** Probes made so far, those for removals aside. */
  probes: z.number().int().min(0),
  /** When it was last probed for a removal beside that; absent: never. */
  removalProbedAt: z.iso.datetime().optional(),
});
export type Circuit = z.infer<typeof circuitSchema>;

/** What operators are told of a subscription; the type of the event is `relay.subscription.` and the kind. */
export const operatorEventKinds = ['failing', 'disabled', 'recovered', 'exhausted'] as const;

/** Waits with the subscription until `sweep` has put it on the queue for those who subscribe to it: written with the transition itself, so neither is without the other. */
const operatorEventSchema = z.object({
  id: z.uuid(),
  kind: z.enum(operatorEventKinds),
  at: z.iso.datetime(),
  /** Log-safe words about why: `gone`, `failing`, an error kind. */
  reason: z.string().optional(),
});
export type OperatorEvent = z.infer<typeof operatorEventSchema>;

/** Redelivery of dead letters, worked by `sweep` in steps. */
export const recoverySchema = z.object({
  id: z.string(),
  status: z.enum(['running', 'done', 'cancelled']),
  since: z.iso.datetime(),
  /** Dead letters of after it are left alone: they come from this recovery, or failed since. */
  until: z.iso.datetime(),
  redelivered: z.number().int().min(0),
  /** Dead letters that were passed over, as what is stored of them cannot be sent; absent: none. They stay dead. */
  unreadable: z.number().int().min(1).optional(),
  cursor: z.string().optional(),
});
export type Recovery = z.infer<typeof recoverySchema>;

/** A subscription as it is stored. Secrets are sealed; see lib/sealing. */
export const subscriptionSchema = z.object({
  id: subscriptionIdSchema,
  name: z.string(),
  url: z.string(),
  /** Exact change types, or prefixes that end in `*`. */
  types: z.array(z.string()),
  /** Absent: every org. */
  orgs: z.array(orgIdSchema).optional(),
  /** A SCIM filter (RFC 7644 §3.4.2.2) over the change's `data`. */
  filter: z.string().optional(),
  ordering: z.enum(['per-subject', 'none']),
  /** `minimal`: CloudEvents as well, without names and addresses; see lib/subscriptions/attribute-projection.ts. */
  format: z.enum(formats),
  /** SCIM paths into `data` that are sent besides what always is. Absent: all of the change is. */
  attributes: z.array(z.string()).optional(),
  /** What becomes of a change whose state has moved further: left out (the default), or sent all the same with the header `relay-late`. */
  stale: z.enum(['skip', 'late']).optional(),
  /** Waits before the second, third, … attempt, in seconds; absent: the schedule of lib/webhooks/retry-schedule.ts. */
  retrySeconds: z.array(z.number().int()).optional(),
  limits: limitsSchema.optional(),
  status: z.enum(subscriptionStatuses),
  /** With `paused` only: it goes on by itself then. */
  pausedUntil: z.iso.datetime().optional(),
  /** With `paused` only: when the pause began, whatever new ends it was given since. */
  pausedSince: z.iso.datetime().optional(),
  /** With `disabled` only. */
  disabledReason: z.enum(disabledReasons).optional(),
  /** With `active` only: when a person last had it go on. What waits since before then is hastened, see lib/sweep/hastened-lanes.ts. */
  resumedAt: z.iso.datetime().optional(),
  circuit: circuitSchema.optional(),
  /** Oldest first. */
  operatorEvents: z.array(operatorEventSchema).optional(),
  recovery: recoverySchema.optional(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
  /** Newest first; all that have not expired sign. One without an end for each signature, and those on their way out. */
  signingSecrets: z.array(signingSecretSchema).min(1),
});
export type Subscription = z.infer<typeof subscriptionSchema>;

/** Port: what fan-out and deliver need. @throws RelayError SUBSCRIPTION_STORE_UNAVAILABLE */
export interface SubscriptionReader {
  /** All of them; the caller caches for seconds. */
  all(): Promise<Subscription[]>;
  find(id: SubscriptionId): Promise<Subscription | undefined>;
}

/** What the owner of a subscription may change; absent stays as it is, null takes it away. */
export interface SubscriptionChanges {
  readonly name?: string;
  readonly url?: string;
  readonly types?: readonly string[];
  readonly orgs?: Subscription['orgs'] | null;
  readonly filter?: string | null;
  readonly attributes?: readonly string[] | null;
  readonly stale?: 'skip' | 'late';
  readonly retrySeconds?: readonly number[] | null;
  readonly limits?: Limits | null;
  /** All of them, as they are from now on. */
  readonly signingSecrets?: Subscription['signingSecrets'];
}

/** Port: what the admin API needs on top. @throws RelayError SUBSCRIPTION_STORE_UNAVAILABLE */
export interface SubscriptionStore extends SubscriptionReader {
  /** `exists`: another subscription has this id. The same subscription created again is `created`, so that a lost answer can be asked for again. */
  create(subscription: Subscription): Promise<'created' | 'exists'>;
  /** Newest first, without the `deleted`. */
  list(page: { limit: number; cursor?: string | undefined }): Promise<SubscriptionPage>;
  /**
   * Changes what `seen` was when it was read: `conflict` when it has been changed since (its `updatedAt` differs: its owner changed it, or its
   * status moved), or is deleted. Leaves alone what is not its owner's: status, circuit, operator events, recovery. `updatedAt` becomes
   * `at`, or a millisecond after the one before where that is later: it never stands still and never goes back.
   */
  change(seen: Subscription, changes: SubscriptionChanges & { at: Date }): Promise<'changed' | 'conflict'>;
  /**
   * Moves it to another status if it still is in one of `from`. Becoming `active` closes its circuit, and so does becoming `disabled` or `deleted`;
   * one that is paused keeps it. `event` is appended in the same write.
   */
  setStatus(id: SubscriptionId, change: StatusChange): Promise<boolean>;
  /**
   * Begins a recovery where none is running (`seen` undefined), or moves on or ends the one that runs if it has the id of `seen` and its cursor.
   * Not for one that is deleted.
   */
  setRecovery(id: SubscriptionId, change: { seen: Recovery | undefined; recovery: Recovery }): Promise<boolean>;
  /** For good; only one that is `deleted`. */
  purge(id: SubscriptionId): Promise<void>;
}

export interface StatusChange {
  readonly status: Subscription['status'];
  readonly from: readonly Subscription['status'][];
  readonly at: Date;
  readonly pausedUntil?: Date;
  readonly pausedSince?: Date;
  readonly disabledReason?: (typeof disabledReasons)[number];
  readonly resumedAt?: Date;
  readonly event?: OperatorEvent;
  /** Only while the circuit that was opened then is open: what was closed meanwhile is no reason any more. */
  readonly whileOpenSince?: string;
  /** Only while its `updatedAt` is this: what its owner changed since may be what gave the reason. */
  readonly whileUpdatedAt?: string;
}

/** Port: transitions of circuits. Each is one conditional write, so of many instances that see the same one makes it. @throws RelayError SUBSCRIPTION_STORE_UNAVAILABLE */
export interface CircuitStore {
  /** Opens a closed circuit of an `active` subscription. Answers whether it was this call. */
  open(id: SubscriptionId, opening: { at: Date; probeAt: Date; event: OperatorEvent }): Promise<boolean>;
  /**
   * Takes the one probe of an `active` subscription that is due at `seen.probeAt`, and says when the next one is. Only if no other probe was taken, of
   * either kind, since its circuit was as `seen`. Answers whether it was this call; false as well when this call's first answer was lost on the way:
   * then the next probe comes at its time.
   */
  claimProbe(id: SubscriptionId, probe: { seen: Circuit; nextProbeAt: Date }): Promise<boolean>;
  /** In the same way takes one for a removal, begun `at`; which probe is due when stays as it is. */
  claimRemovalProbe(id: SubscriptionId, probe: { seen: Circuit; at: Date }): Promise<boolean>;
  /** Closes the opening `since` of an `active` or `paused` subscription. Answers whether it was this call. */
  close(id: SubscriptionId, closing: { since: string; event: OperatorEvent }): Promise<boolean>;
  /** Appends an event unless one of its kind was appended, here or with a transition, within `quietMs` before it. Not for one that is deleted. */
  tell(id: SubscriptionId, event: OperatorEvent, quietMs: number): Promise<boolean>;
  /** Takes away the events that have been sent: the first of the list, as long as they still are its first. */
  told(id: SubscriptionId, events: readonly OperatorEvent[]): Promise<void>;
}

export type SubscriptionPage =
  | { readonly kind: 'page'; readonly data: readonly Subscription[]; readonly nextCursor: string | null }
  /** The cursor is none that a page of this list ended with. */
  | { readonly kind: 'bad-cursor' };
