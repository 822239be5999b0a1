import type { WebhookAnswer } from './webhook-sender.ts';

/**
 * Statuses, from the first to the last, that are said by what stands before a receiver when it does not know what became of the request behind it.
 * Sections are those of RFC 9110, https://www.rfc-editor.org/rfc/rfc9110.
 */
const gatewayStatuses: readonly (readonly [from: number, to: number])[] = [
  // 15.5.9: the request was not complete in time, for whoever says so; proxies say it of the server behind them, too.
  [408, 408],
  // Client closed the request: nginx and others, of the connection before them. No RFC knows it.
  [499, 499],
  // 15.6.3: no valid answer came from behind.
  [502, 502],
  // 15.6.5: no answer came from behind in time.
  [504, 504],
  // No RFC's: what the large proxies say of the server behind them, as Cloudflare's 520 and 524.
  // https://www.iana.org/assignments/http-status-codes/http-status-codes.xhtml
  [512, Infinity],
  // 15: no status of a final answer; whatever said it was not read.
  [-Infinity, 199],
];

/**
 * Whether a request that was not accepted may have been applied all the same: an earlier try of it was cut off, no answer came, or a gateway answered for
 * the receiver. Any other status is the receiver's own word that it was not.
 */
export function mayHaveArrived(answer: WebhookAnswer): boolean {
  if (answer.mayHaveArrived === true) return true;
  if (answer.kind === 'failed') return false;
  const { status } = answer;
  return Number.isNaN(status) || gatewayStatuses.some(([from, to]) => status >= from && status <= to);
}
