import type { SecretBox } from '../sealing/secret-box.ts';
import { fieldProblemsOf, type FieldProblem } from './field-problems.ts';
import type { Subscription, SubscriptionStore } from './subscription.ts';
import { newSubscriptionId } from './subscription-id.ts';
import { subscriptionRequestSchema, type SubscriptionRequest, type UrlCheck } from './subscription-request.ts';

/** Standard Webhooks 1.0 asks for 24 to 64 bytes. */
const secretBytes = 32;

export interface CreateSubscriptionParts {
  readonly store: Pick<SubscriptionStore, 'create'>;
  readonly secretBox: Pick<SecretBox, 'seal'>;
  readonly checkUrl: UrlCheck;
  readonly now: () => Date;
  /** Must be fit for secrets. */
  readonly randomBytes: (count: number) => Uint8Array;
}

export type CreateSubscriptionOutcome =
  /** `secret`: `whsec_` and base64, for the subscriber. It is kept sealed and never told again. */
  | { readonly kind: 'created'; readonly subscription: Subscription; readonly secret: string }
  | { readonly kind: 'invalid'; readonly errors: readonly FieldProblem[] }
  /** The new id is taken; nothing was stored. Once in 2^80 milliseconds' worth of ids, or when randomness is broken. */
  | { readonly kind: 'conflict' };

/**
 * Registers an endpoint from what its owner sent (design section 9).
 * @throws RelayError KEY_UNAVAILABLE, SUBSCRIPTION_STORE_UNAVAILABLE; a subscription may then exist whose secret nobody knows.
 */
export async function createSubscription(body: unknown, parts: CreateSubscriptionParts): Promise<CreateSubscriptionOutcome> {
  const parsed = subscriptionRequestSchema(parts.checkUrl).safeParse(body);
  if (!parsed.success) return { kind: 'invalid', errors: fieldProblemsOf(parsed.error) };
  const secret = `whsec_${Buffer.from(parts.randomBytes(secretBytes)).toString('base64')}`;
  const subscription = await sealed(parsed.data, secret, parts);
  const stored = await parts.store.create(subscription);
  return stored === 'created' ? { kind: 'created', subscription, secret } : { kind: 'conflict' };
}

async function sealed(
  request: SubscriptionRequest,
  secret: string,
  { secretBox, now, randomBytes }: CreateSubscriptionParts,
): Promise<Subscription> {
  const createdAt = now();
  const id = newSubscriptionId(createdAt, randomBytes);
  const time = createdAt.toISOString();
  return {
    id,
    name: request.name,
    url: request.url,
    types: request.types,
    ...(request.orgs === undefined ? {} : { orgs: request.orgs }),
    ...(request.filter === undefined ? {} : { filter: request.filter }),
    ordering: request.ordering,
    format: request.format,
    status: 'active',
    createdAt: time,
    updatedAt: time,
    signingSecrets: [{ sealed: await secretBox.seal(secret, { purpose: 'signing-secret', owner: id }), createdAt: time }],
  };
}
