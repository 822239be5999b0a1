const unknownWaitMs = 5_000;
const shortestWaitMs = 1_000;
/** Okta counts by the minute; a reset that is further away is a clock that is wrong. */
const longestWaitMs = 90_000;

/**
 * How long to wait after a 429: until `x-rate-limit-reset`, Unix seconds by Okta's clock, which its `date` header shows; ours may be off.
 * https://developer.okta.com/docs/reference/rl-best-practices/
 */
export function rateLimitWaitMs(headers: Headers, nowMs: number): number {
  const reset = headers.get('x-rate-limit-reset') ?? '';
  if (!/^[0-9]{1,12}$/.test(reset)) return unknownWaitMs;
  const theirNowMs = Date.parse(headers.get('date') ?? '');
  const waitMs = Number(reset) * 1000 - (Number.isNaN(theirNowMs) ? nowMs : theirNowMs);
  return Math.min(Math.max(waitMs, shortestWaitMs), longestWaitMs);
}
