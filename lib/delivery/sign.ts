import { createHmac } from 'node:crypto';
import { RelayError } from '../errors.ts';

export interface SigningRequest {
  /** Header-safe and without a dot: see webhook-id.ts. */
  readonly id: string;
  /** When this attempt is made. */
  readonly at: Date;
  /** The bytes that are sent, and no others. */
  readonly body: Uint8Array;
  /** `whsec_` and base64 of 24 to 64 bytes, newest first. Each of them signs. */
  readonly secrets: readonly string[];
}

const secretPrefix = 'whsec_';
/** Standard Webhooks 1.0, "Signature scheme": 192 to 512 bits. */
const keyBytes = { least: 24, most: 64 } as const;

/**
 * The three headers of Standard Webhooks 1.0: `webhook-id`, `webhook-timestamp` (Unix seconds of the attempt) and
 * `webhook-signature` (`v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`, one per secret, space-separated).
 * @throws RelayError SECRET_UNREADABLE when a secret is no signing secret.
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export function signWebhook({
  id,
  at,
  body,
  secrets,
}: SigningRequest): Record<'webhook-id' | 'webhook-timestamp' | 'webhook-signature', string> {
  const timestamp = String(Math.floor(at.getTime() / 1000));
  const signatures = secrets.map((secret) => {
    const hmac = createHmac('sha256', keyOf(secret)).update(`${id}.${timestamp}.`).update(body);
    return `v1,${hmac.digest('base64')}`;
  });
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') };
}

function keyOf(secret: string): Uint8Array {
  const text = secret.slice(secretPrefix.length);
  const key = Buffer.from(text, 'base64');
  const readable = secret.startsWith(secretPrefix) && /^[A-Za-z0-9+/]+={0,2}$/.test(text);
  if (!readable || key.length < keyBytes.least || key.length > keyBytes.most) {
    throw new RelayError('SECRET_UNREADABLE', 'A signing secret was opened, but it is not of the form whsec_<base64 of 24 to 64 bytes>.');
  }
  return key;
}
