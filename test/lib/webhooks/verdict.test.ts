import { describe, expect, it } from 'vitest';
import { errorVerdicts, statusVerdicts } from '#lib/webhooks/attempt-verdicts.ts';
import { attemptErrors } from '#lib/delivery/delivery.ts';
import { verdictOf } from '#lib/webhooks/verdict.ts';

const answered = (status: number, retryAfter: string | null = null) => verdictOf({ kind: 'answered', status, retryAfter, latencyMs: 1 });

describe('the verdict on an answer', () => {
  it.each([200, 201, 202, 204, 226, 299])('%i is accepted', (status) => {
    expect(answered(status)).toEqual({ kind: 'accepted' });
  });

  it('410 says that the endpoint is gone', () => {
    expect(answered(410)).toEqual({ kind: 'gone' });
  });

  it.each([400, 404, 409, 413, 422])('%i is a refusal', (status) => {
    expect(answered(status)).toEqual({ kind: 'refused' });
  });

  it('every other status is a failure worth another try', () => {
    const known = new Set([400, 404, 409, 410, 413, 422]);
    const others = Array.from({ length: 700 }, (_, index) => 300 + index).filter((status) => !known.has(status));
    for (const status of [0, 100, 199, ...others]) expect(answered(status)).toEqual({ kind: 'failed', retryAfter: null });
  });

  it('a failure hands Retry-After on', () => {
    expect(answered(503, '120')).toEqual({ kind: 'failed', retryAfter: '120' });
    expect(answered(429, '7')).toEqual({ kind: 'failed', retryAfter: '7' });
  });

  it.each(attemptErrors)('no answer (%s) is a failure worth another try', (error) => {
    expect(verdictOf({ kind: 'failed', error, detail: '', latencyMs: 1, mayHaveArrived: false })).toEqual({
      kind: 'failed',
      retryAfter: null,
    });
  });

  it.each([NaN, -1, Infinity, 1e9])('a status of %d is a failure worth another try', (status) => {
    expect(answered(status)).toEqual({ kind: 'failed', retryAfter: null });
  });

  it('has a row for every error, and in its last row a verdict for every status', () => {
    expect(Object.keys(errorVerdicts).toSorted()).toEqual([...attemptErrors].toSorted());
    expect(statusVerdicts.at(-1)).toEqual([-Infinity, Infinity, 'failed']);
  });
});
