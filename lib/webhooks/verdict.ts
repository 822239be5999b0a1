import { errorVerdicts, statusVerdicts, type VerdictKind } from './attempt-verdicts.ts';
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

/** Total, by the tables of attempt-verdicts.ts: any status, also one that no RFC knows, and any failure below HTTP. */
export function verdictOf(answer: WebhookAnswer): Verdict {
  const kind = answer.kind === 'failed' ? errorVerdicts[answer.error] : ofStatus(answer.status);
  return kind === 'failed' ? { kind, retryAfter: answer.kind === 'failed' ? null : answer.retryAfter } : { kind };
}

function ofStatus(status: number): VerdictKind {
  // Not a number is in no range, and as little an answer as those of the last row.
  return statusVerdicts.find(([from, to]) => status >= from && status <= to)?.[2] ?? 'failed';
}
