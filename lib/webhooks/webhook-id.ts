import { createHash } from 'node:crypto';

/** Every id that Okta is known to send (a uuid) is of this kind and goes out as it is. */
const plainId = /^[A-Za-z0-9_-]{1,128}$/;

/**
 * The `webhook-id` of a change: its own id, the same for every attempt.
 *
 * Okta promises no alphabet and no length for its ids, and the id goes into a header and into the signed text
 * `id.timestamp.body`, where a dot would make two readings possible (Standard Webhooks 1.0 forbids it). An id outside
 * `[A-Za-z0-9_-]{1,128}` is therefore sent as `sha256_` and the 64 hex digits of its digest: just as stable, just as unique.
 */
export function webhookIdOf(changeId: string): string {
  return plainId.test(changeId) ? changeId : `sha256_${createHash('sha256').update(changeId).digest('hex')}`;
}
