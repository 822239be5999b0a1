/** RFC 9110 §5.6.7, the one form of date that senders may make today. */
const httpDate = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT$/;

/**
 * The wait that a `Retry-After` header asks for (RFC 9110 §10.2.3: seconds or a date), in milliseconds from `now`.
 * A date gone by is 0. What cannot be read asks for nothing: undefined. The number may be huge; the caller bounds it.
 */
export function retryAfterMs(header: string | null, now: Date): number | undefined {
  const text = header?.trim() ?? '';
  if (/^[0-9]{1,15}$/.test(text)) return Number(text) * 1000;
  if (!httpDate.test(text)) return undefined;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now.getTime());
}
