import * as z from 'zod';
import { sealedSecretSchema } from '../sealing/sealed-secret.ts';

/** Schemes of Standard Webhooks 1.0: `v1` is HMAC-SHA256 with a shared secret, `v1a` is Ed25519 with a key pair. */
export type SignatureKind = 'v1' | 'v1a';

/** What a webhook is signed with, as it is stored: sealed. */
export const signingSecretSchema = z.object({
  sealed: sealedSecretSchema,
  createdAt: z.iso.datetime(),
  /** With `v1a` only: the public half, base64 of 32 bytes. Receivers are shown it, so it is not sealed. */
  publicKey: z.string().optional(),
  /** Absent: it signs until it is rotated. From this time on it does not sign any more. */
  expiresAt: z.iso.datetime().optional(),
});
export type SigningSecret = z.infer<typeof signingSecretSchema>;

export function signatureKindOf({ publicKey }: Pick<SigningSecret, 'publicKey'>): SignatureKind {
  return publicKey === undefined ? 'v1' : 'v1a';
}

/** Those that sign at this time, in their order. */
export function liveSecrets(secrets: readonly SigningSecret[], now: Date): SigningSecret[] {
  return secrets.filter(({ expiresAt }) => expiresAt === undefined || Date.parse(expiresAt) > now.getTime());
}
