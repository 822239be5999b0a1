import { describe, expect, it } from 'vitest';
import { mayHaveArrived } from '#lib/webhooks/may-have-arrived.ts';

const answered = (status: number) => mayHaveArrived({ kind: 'answered', status, retryAfter: null, latencyMs: 1 });

/** docs/subscribers.md, "What to answer". */
describe('a request that was not accepted', () => {
  it.each([408, 499, 502, 504, 512, 520, 524, 599, 999, 199, 0, -1, NaN, Infinity])(
    'and answered %d may have arrived: that is not the receiver’s word',
    (status) => expect(answered(status)).toBe(true),
  );

  it.each([301, 302, 400, 401, 403, 404, 407, 409, 410, 413, 422, 429, 498, 500, 501, 503, 505, 511])(
    'and answered %d has not been applied, by the receiver’s word',
    (status) => expect(answered(status)).toBe(false),
  );

  it.each([true, false])('and got no answer tells by whether it had begun (%s)', (begun) => {
    for (const error of ['timeout', 'connection-refused', 'tls', 'unknown'] as const)
      expect(mayHaveArrived({ kind: 'failed', error, detail: '', latencyMs: 1, mayHaveArrived: begun })).toBe(begun);
  });

  it('may have arrived with an earlier try, whatever the last was answered', () => {
    for (const status of [400, 409, 410, 503])
      expect(mayHaveArrived({ kind: 'answered', status, retryAfter: null, latencyMs: 1, mayHaveArrived: true })).toBe(true);
  });
});
