import { createHash, timingSafeEqual } from 'node:crypto';

/** SHA-256 in lower-case hex: the form in which `header` and `basic` secrets are kept. Text is taken as UTF-8. */
export function digestOf(value: string | Uint8Array): string {
  return createHash('sha256').update(value).digest('hex');
}

/** No value is known whose SHA-256 is all zeroes, so it stands in where an org has fewer secrets than are compared. */
const nobody = '0'.repeat(64);

/**
 * Compares with both places for a secret, used or not, and without an early exit: the time says nothing about which
 * matched or how many there are. Without a presented value the same work is done and the answer is no.
 */
export function matchesAnyDigest(presented: string | Uint8Array | undefined, digests: readonly string[]): boolean {
  const digest = Buffer.from(digestOf(presented ?? ''), 'hex');
  const given = presented !== undefined && presented.length > 0;
  let matched = false;
  for (const candidate of [digests[0] ?? nobody, digests[1] ?? nobody]) {
    const equal = timingSafeEqual(digest, Buffer.from(candidate, 'hex'));
    matched = matched || equal;
  }
  return matched && given;
}
