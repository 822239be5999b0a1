import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/** `<timestamp>.<signed bytes>` was signed at most this long ago, or ahead of our clock. */
const windowSeconds = 300;
/** During a rotation a sender may send one signature per key; more than a few is nobody's rotation. */
const maxSignatures = 4;

export interface SignedParts {
  /** Header `x-relay-timestamp`: Unix seconds. */
  readonly timestamp: string;
  /** Header `x-relay-signature`: `v1=<hex>`, several separated by commas. */
  readonly signatures: string;
  /** The raw body; of a GET, the challenge. */
  readonly bytes: Uint8Array;
}

/** Compared with where an org has fewer keys than two; what it matches never counts. */
const standIn = Buffer.alloc(32);

/**
 * HMAC-SHA256 over `<timestamp>.<bytes>`. At least two keys are tried, real or not, each against every signature, before
 * anything is said; the clock is looked at last. Nothing is computed for a request that carries no signature.
 */
export function matchesAnyKey(signed: SignedParts, keys: readonly Uint8Array[], nowMs: number): boolean {
  const presented = signaturesIn(signed.signatures);
  if (presented.length === 0) return false;
  let matched = false;
  for (let place = 0; place < Math.max(keys.length, 2); place += 1) {
    const expected = createHmac('sha256', keys[place] ?? standIn)
      .update(`${signed.timestamp}.`)
      .update(signed.bytes)
      .digest();
    for (const signature of presented) {
      const equal = timingSafeEqual(expected, signature);
      matched = matched || (equal && place < keys.length);
    }
  }
  return matched && isRecent(signed.timestamp, nowMs);
}

/** What a signed request is told by when it comes again. */
export interface SignedContent {
  /** SHA-256 in hex of what was signed: the same however the signature is written, and whichever key made it. */
  readonly id: string;
  /** From then on the timestamp is too old, and the request proves nothing any more. */
  readonly validUntil: Date;
}

export function signedContent({ timestamp, bytes }: SignedParts): SignedContent {
  const id = createHash('sha256').update(`${timestamp}.`).update(bytes).digest('hex');
  return { id, validUntil: new Date((Number(timestamp) + windowSeconds) * 1_000) };
}

/** What is not `v1=` and 64 hex digits is not a signature; it is passed over, as a later version's would have to be. */
function signaturesIn(header: string): Buffer[] {
  return header
    .split(',', maxSignatures)
    .map((part) => /^v1=([0-9a-fA-F]{64})$/.exec(part.trim())?.[1])
    .filter((hex) => hex !== undefined)
    .map((hex) => Buffer.from(hex, 'hex'));
}

function isRecent(timestamp: string, nowMs: number): boolean {
  return /^[0-9]{1,12}$/.test(timestamp) && Math.abs(nowMs / 1000 - Number(timestamp)) <= windowSeconds;
}
