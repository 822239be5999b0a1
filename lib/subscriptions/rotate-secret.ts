import * as z from 'zod';
import { fieldProblemsOf, type FieldProblem } from './field-problems.ts';
import { findShown } from './find-shown.ts';
import { newSigningSecrets, signatureChoiceOf, signatureChoices, type SigningSecretParts } from './new-signing-secrets.ts';
import { liveSecrets, type SigningSecret } from './signing-secret.ts';
import { objectOf } from './field-words.ts';
import type { Subscription, SubscriptionId, SubscriptionStore } from './subscription.ts';
import { ownSecretProblem } from './symmetric-secret.ts';

/** In seconds: a day for receivers to be told, seven days at most. */
const overlap = { usual: 86_400, longest: 604_800 } as const;
/** All of them sign each attempt and each costs a header some 50 to 100 bytes; receivers limit those. */
export const maxLiveSecrets = 8;

const overlapText = `must be a whole number of seconds from 0 to ${overlap.longest}`;

/** Body of `POST /v1/subscriptions/{id}/rotate-secret`. */
export const rotateSecretSchema = z.strictObject(
  {
    overlapSeconds: z.number(overlapText).int(overlapText).min(0, overlapText).max(overlap.longest, overlapText).default(overlap.usual),
    secret: z
      .string('must be a text')
      .superRefine((secret, context) => {
        const message = ownSecretProblem(secret);
        if (message !== undefined) context.addIssue({ code: 'custom', message });
      })
      .optional(),
    signature: z.enum(signatureChoices, { error: 'must be `v1`, `v1a` or `both`' }).optional(),
  },
  objectOf('a rotation'),
);

export interface RotateSecretParts extends SigningSecretParts {
  readonly subscriptions: Pick<SubscriptionStore, 'find' | 'change'>;
  readonly now: () => Date;
}

export type RotateSecretOutcome =
  /** `secret`: only when a shared one was made here. It is never told again. */
  | { readonly kind: 'rotated'; readonly subscription: Subscription; readonly secret: string | undefined }
  | { readonly kind: 'invalid'; readonly errors: readonly FieldProblem[] }
  | { readonly kind: 'unknown' }
  /** As many as can sign do so already. `until`: when the first of them ends. */
  | { readonly kind: 'too-many'; readonly until: string | undefined }
  /** It was changed at the same time, or its status moved; nothing was written. */
  | { readonly kind: 'raced' };

/**
 * Gives a subscription new signing secrets. Those it had sign beside them for `overlapSeconds`, and none of them for longer than it would have;
 * with an overlap of 0 only the new ones sign. What has expired is taken away.
 * @throws RelayError KEY_UNAVAILABLE, SUBSCRIPTION_STORE_UNAVAILABLE; it may be rotated then, to a secret that nobody knows.
 */
export async function rotateSecret(body: unknown, id: SubscriptionId, parts: RotateSecretParts): Promise<RotateSecretOutcome> {
  const seen = await findShown(parts.subscriptions, id);
  if (seen === undefined) return { kind: 'unknown' };
  const parsed = rotateSecretSchema.safeParse(body);
  if (!parsed.success) return { kind: 'invalid', errors: fieldProblemsOf(parsed.error) };
  const { overlapSeconds, secret: own, signature = signatureChoiceOf(seen.signingSecrets) } = parsed.data;
  if (own !== undefined && signature === 'v1a') {
    return { kind: 'invalid', errors: [{ pointer: '/secret', detail: 'is for `v1`; the key pair of `v1a` is always made by the relay' }] };
  }
  const now = parts.now();
  const before = outgoing(seen.signingSecrets, { now, overlapSeconds });
  if (before.length + (signature === 'both' ? 2 : 1) > maxLiveSecrets) {
    return { kind: 'too-many', until: before.flatMap(({ expiresAt }) => expiresAt ?? []).toSorted()[0] };
  }
  const made = await newSigningSecrets({ signature, owner: id, at: now, secret: own }, parts);
  const signingSecrets = [...made.signingSecrets, ...before];
  // As the store sets it: never still, never back. Reading it again could fail, and the secret would be lost with the answer.
  const at = new Date(Math.max(now.getTime(), Date.parse(seen.updatedAt) + 1));
  if ((await parts.subscriptions.change(seen, { signingSecrets, at })) === 'conflict') return { kind: 'raced' };
  const subscription = { ...seen, signingSecrets, updatedAt: at.toISOString() };
  return { kind: 'rotated', subscription, secret: own === undefined ? made.secret : undefined };
}

/** What still signs, with the end of it. */
function outgoing(
  secrets: readonly SigningSecret[],
  { now, overlapSeconds }: { readonly now: Date; readonly overlapSeconds: number },
): SigningSecret[] {
  if (overlapSeconds === 0) return [];
  const untilMs = now.getTime() + overlapSeconds * 1_000;
  return liveSecrets(secrets, now).map((secret) => {
    const endMs = secret.expiresAt === undefined ? untilMs : Math.min(untilMs, Date.parse(secret.expiresAt));
    return { ...secret, expiresAt: new Date(endMs).toISOString() };
  });
}
