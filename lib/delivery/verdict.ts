import type { WebhookAnswer } from './webhook-sender.ts';

/** What an answer means for a delivery. */
export type Verdict =
  /** 2xx. */
  | { readonly kind: 'accepted' }
  /** 410: the endpoint is gone for good. */
  | { readonly kind: 'gone' }
  /** The receiver read the change and will not change its mind. */
  | { readonly kind: 'refused' }
  /** Everything else: worth another try. `retryAfter` is the header as it came. */
  | { readonly kind: 'failed'; readonly retryAfter: string | null };

/** Design section 6: these are given up after three of them. */
const refusals: ReadonlySet<number> = new Set([400, 404, 409, 413, 422]);

/** Total: any status, also one that no RFC knows, and any failure below HTTP. A redirect is not followed, so it is a failure. */
export function verdictOf(answer: WebhookAnswer): Verdict {
  if (answer.kind === 'failed') return { kind: 'failed', retryAfter: null };
  if (answer.status >= 200 && answer.status < 300) return { kind: 'accepted' };
  if (answer.status === 410) return { kind: 'gone' };
  if (refusals.has(answer.status)) return { kind: 'refused' };
  return { kind: 'failed', retryAfter: answer.retryAfter };
}
