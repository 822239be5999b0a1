import { fieldProblemsOf, type FieldProblem } from './field-problems.ts';
import { newSigningSecrets, type SigningSecretParts } from './new-signing-secrets.ts';
import type { Subscription, SubscriptionStore } from './subscription.ts';
import { newSubscriptionId } from './subscription-id.ts';
import type { FieldBounds } from './subscription-fields.ts';
import { subscriptionRequestSchema, type SubscriptionRequest } from './subscription-request.ts';

export interface CreateSubscriptionParts extends SigningSecretParts, FieldBounds {
  readonly store: Pick<SubscriptionStore, 'create'>;
  readonly now: () => Date;
}

export type CreateSubscriptionOutcome =
  /** `secret`: `whsec_` and base64, for the subscriber; undefined with `v1a` alone. It is kept sealed and never told again. */
  | { readonly kind: 'created'; readonly subscription: Subscription; readonly secret: string | undefined }
  | { readonly kind: 'invalid'; readonly errors: readonly FieldProblem[] }
  /** The new id is taken; nothing was stored. Once in 2^80 milliseconds' worth of ids, or when randomness is broken. */
  | { readonly kind: 'conflict' };

/**
 * Registers an endpoint from what its owner sent.
 * @throws RelayError KEY_UNAVAILABLE, SUBSCRIPTION_STORE_UNAVAILABLE; a subscription may then exist whose secret nobody knows.
 */
export async function createSubscription(body: unknown, parts: CreateSubscriptionParts): Promise<CreateSubscriptionOutcome> {
  const parsed = subscriptionRequestSchema(parts).safeParse(body);
  if (!parsed.success) return { kind: 'invalid', errors: fieldProblemsOf(parsed.error) };
  const { subscription, secret } = await newSubscription(parsed.data, parts);
  const stored = await parts.store.create(subscription);
  return stored === 'created' ? { kind: 'created', subscription, secret } : { kind: 'conflict' };
}

async function newSubscription(
  request: SubscriptionRequest,
  parts: CreateSubscriptionParts,
): Promise<{ subscription: Subscription; secret: string | undefined }> {
  const at = parts.now();
  const id = newSubscriptionId(at, parts.randomBytes);
  const time = at.toISOString();
  const { signingSecrets, secret } = await newSigningSecrets({ signature: request.signature, owner: id, at }, parts);
  const subscription: Subscription = {
    id,
    name: request.name,
    url: request.url,
    types: request.types,
    ...(request.orgs === undefined ? {} : { orgs: request.orgs }),
    ...(request.filter === undefined ? {} : { filter: request.filter }),
    ...(request.attributes === undefined ? {} : { attributes: request.attributes }),
    ordering: request.ordering,
    format: request.format,
    ...(request.stale === undefined ? {} : { stale: request.stale }),
    ...(request.retry === undefined ? {} : { retrySeconds: request.retry.schedule }),
    ...(request.limits === undefined || Object.keys(request.limits).length === 0 ? {} : { limits: request.limits }),
    status: 'active',
    createdAt: time,
    updatedAt: time,
    signingSecrets,
  };
  return { subscription, secret };
}
