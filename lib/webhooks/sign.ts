import { createHmac, sign } from 'node:crypto';
import { RelayError } from '../errors.ts';
import { privateKeyIn } from '../subscriptions/ed25519-keys.ts';
import { symmetricKeyIn } from '../subscriptions/symmetric-secret.ts';

export interface SigningRequest {
  /** Header-safe and without a dot: see webhook-id.ts. */
  readonly id: string;
  /** When this attempt is made. */
  readonly at: Date;
  /** The bytes that are sent, and no others. */
  readonly body: Uint8Array;
  /** At least one, newest first, each of which signs: `whsec_` and base64 of 24 to 64 bytes for `v1`, `whsk_` and an Ed25519 key pair for `v1a`. */
  readonly secrets: readonly string[];
}

/**
 * The three headers of Standard Webhooks 1.0: `webhook-id`, `webhook-timestamp` (Unix seconds of the attempt) and
 * `webhook-signature`: over `id.timestamp.body`, one per secret, space-separated; `v1,` and the base64 of HMAC-SHA256, or `v1a,` and that of Ed25519.
 * @throws RelayError SECRET_UNREADABLE when a secret is no signing secret, or there is none.
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export function signWebhook({
  id,
  at,
  body,
  secrets,
}: SigningRequest): Record<'webhook-id' | 'webhook-timestamp' | 'webhook-signature', string> {
  const timestamp = String(Math.floor(at.getTime() / 1000));
  const content = Buffer.concat([Buffer.from(`${id}.${timestamp}.`, 'utf8'), body]);
  const signatures = secrets.map((secret) => signatureOf(content, secret));
  if (signatures.length === 0) throw unreadable('A webhook is to be signed, and there is no secret to sign it with.');
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') };
}

function signatureOf(content: Uint8Array, secret: string): string {
  const key = symmetricKeyIn(secret);
  if (key !== undefined) return `v1,${createHmac('sha256', key).update(content).digest('base64')}`;
  const privateKey = privateKeyIn(secret);
  if (privateKey !== undefined) return `v1a,${sign(null, content, privateKey).toString('base64')}`;
  throw unreadable('A signing secret was opened, but it is neither whsec_<base64 of 24 to 64 bytes> nor whsk_<base64 of 64 bytes>.');
}

function unreadable(message: string): RelayError {
  return new RelayError('SECRET_UNREADABLE', message);
}
