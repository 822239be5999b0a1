import * as z from 'zod';
import { orgIdSchema } from '../okta/org.ts';
import { sealedSecretSchema } from '../sealing/sealed-secret.ts';

export const subscriptionIdSchema = z
  .string()
  .regex(/^sub_[0-9a-z]{20,40}$/)
  .brand<'SubscriptionId'>();
export type SubscriptionId = z.infer<typeof subscriptionIdSchema>;

/** `active` is sent to. `disabled` was switched off by the relay (the endpoint answered 410 Gone). */
export const subscriptionStatuses = ['active', 'disabled'] as const;

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
  format: z.literal('cloudevents'),
  status: z.enum(subscriptionStatuses),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
  /** Newest first; all of them sign. One for now, two during a rotation. */
  signingSecrets: z.array(z.object({ sealed: sealedSecretSchema, createdAt: z.iso.datetime() })).min(1),
});
export type Subscription = z.infer<typeof subscriptionSchema>;

/** Port: what fan-out and deliver need. @throws RelayError SUBSCRIPTION_STORE_UNAVAILABLE */
export interface SubscriptionReader {
  /** All of them; the caller caches for seconds. */
  all(): Promise<Subscription[]>;
  find(id: SubscriptionId): Promise<Subscription | undefined>;
}

/** Port: what the admin API needs on top. @throws RelayError SUBSCRIPTION_STORE_UNAVAILABLE */
export interface SubscriptionStore extends SubscriptionReader {
  /** `exists`: another subscription has this id. The same subscription created again is `created`, so that a lost answer can be asked for again. */
  create(subscription: Subscription): Promise<'created' | 'exists'>;
  /** Newest first. */
  list(page: { limit: number; cursor?: string | undefined }): Promise<SubscriptionPage>;
  /** Sets the status if the subscription still exists. */
  setStatus(id: SubscriptionId, status: Subscription['status'], at: Date): Promise<void>;
}

export type SubscriptionPage =
  | { readonly kind: 'page'; readonly data: readonly Subscription[]; readonly nextCursor: string | null }
  /** The cursor is none that a page of this list ended with. */
  | { readonly kind: 'bad-cursor' };
