import { isDeeperThan, maxJsonDepth } from '../identity/is-deeper-than.ts';
import type { HttpRequest } from '../http/request.ts';
import type { AdminOutcome } from './admin-outcome.ts';

/** The largest subscription that passes its limits has a fifth of this. */
export const maxBodyBytes = 64 * 1024;

const jsonMediaType = /^application\/(?:[a-z0-9.-]+\+)?json[ \t]*(?:;|$)/i;

export type JsonBody =
  { readonly kind: 'read'; readonly value: unknown } | Extract<AdminOutcome, { kind: 'not-json' | 'other-media-type' | 'too-large' }>;

export function readJsonBody({ headers, body }: Pick<HttpRequest, 'headers' | 'body'>): JsonBody {
  if (body.byteLength > maxBodyBytes) return { kind: 'too-large', maxBytes: maxBodyBytes };
  if (!jsonMediaType.test(headers.get('content-type') ?? '')) return { kind: 'other-media-type' };
  try {
    const value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body)) as unknown;
    // No call takes more than a few levels, and a schema overflows the stack at a few thousand.
    return isDeeperThan(maxJsonDepth, value) ? { kind: 'not-json' } : { kind: 'read', value };
  } catch {
    // Both the decoder and JSON.parse say only that it is not that; their messages quote the body.
    return { kind: 'not-json' };
  }
}
