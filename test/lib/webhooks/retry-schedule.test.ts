import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { retryAfterMs } from '#lib/webhooks/retry-after.ts';
import { failureSchedule, nextStep, refusalSchedule, retryScheduleOf } from '#lib/webhooks/retry-schedule.ts';
import { verdictOf, type Verdict } from '#lib/webhooks/verdict.ts';

const [second, minute, hour] = [1_000, 60_000, 3_600_000];
const now = new Date('2026-11-22T06:00:00.000Z');
const failed = (retryAfter: string | null = null): Verdict => ({ kind: 'failed', retryAfter });
const refused: Verdict = { kind: 'refused' };
const step = (verdict: Verdict, so: { attempts: number; refusals?: number; random?: number; schedule?: readonly number[] }) =>
  nextStep(verdict, { refusals: 0, random: 0, now, ...so });

describe('the retry schedule', () => {
  it('waits 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h and 24 h, then gives up after the tenth attempt', () => {
    const waits = Array.from({ length: 9 }, (_, index) => step(failed(), { attempts: index + 1 }));
    const documented = [5 * second, 5 * minute, 30 * minute, 2 * hour, 5 * hour, 10 * hour, 14 * hour, 20 * hour, 24 * hour];
    expect(waits).toEqual(documented.map((waitMs) => ({ kind: 'wait', waitMs })));
    for (const attempts of [10, 11, 100]) expect(step(failed(), { attempts })).toEqual({ kind: 'exhausted' });
  });

  it('takes up to a tenth off by chance', () => {
    expect(step(failed(), { attempts: 2, random: 0.5 })).toEqual({ kind: 'wait', waitMs: 285 * second });
    expect(step(failed(), { attempts: 2, random: 0.999_999 })).toEqual({ kind: 'wait', waitMs: 270 * second });
  });

  it('gives a refused change up after three refusals', () => {
    expect(step(refused, { attempts: 1, refusals: 1 })).toEqual({ kind: 'wait', waitMs: 5 * minute });
    expect(step(refused, { attempts: 2, refusals: 2 })).toMatchObject({ kind: 'wait' });
    expect(step(refused, { attempts: 3, refusals: 3 })).toEqual({ kind: 'exhausted' });
  });

  it('makes the three attempts of a refused change within 35 minutes, their own time included', () => {
    const waitsMs = refusalSchedule.reduce((sum, waitMs) => sum + waitMs, 0);
    expect(refusalSchedule).toHaveLength(3);
    expect(waitsMs + 3 * 15 * second).toBeLessThanOrEqual(35 * minute);
  });

  it('does not give up on the first refusal of an endpoint that was down before', () => {
    expect(step(refused, { attempts: 6, refusals: 1 })).toEqual({ kind: 'wait', waitMs: 5 * minute });
    expect(step(refused, { attempts: 10, refusals: 1 })).toEqual({ kind: 'exhausted' });
  });

  it('goes on with the long schedule after a failure that followed refusals', () => {
    expect(step(failed(), { attempts: 3, refusals: 2 })).toEqual({ kind: 'wait', waitMs: 30 * minute });
  });

  it('ends with an acceptance and with an endpoint that is gone, whatever the count', () => {
    expect(step({ kind: 'accepted' }, { attempts: 10 })).toEqual({ kind: 'delivered' });
    expect(step({ kind: 'gone' }, { attempts: 1 })).toEqual({ kind: 'gone' });
  });

  it.each([
    ['a longer wait is taken', '60', 1, 60 * second],
    ['a shorter wait is not', '1', 2, 5 * minute],
    ['a date is taken', 'Sun, 22 Nov 2026 07:00:00 GMT', 1, hour],
    ['a date gone by asks for nothing', 'Sun, 22 Nov 2026 05:00:00 GMT', 1, 5 * second],
    ['a year is cut to a day', '31536000', 1, 24 * hour],
    ['a date in the year 9999 is cut to a day', 'Fri, 31 Dec 9999 23:59:59 GMT', 1, 24 * hour],
    ['nonsense asks for nothing', 'soon', 1, 5 * second],
  ])('heeds Retry-After: %s', (_, retryAfter, attempts, waitMs) => {
    expect(step(failed(retryAfter), { attempts })).toEqual({ kind: 'wait', waitMs });
  });

  it('comes later than asked by up to a tenth, never earlier', () => {
    expect(step(failed('60'), { attempts: 1, random: 0.5 })).toEqual({ kind: 'wait', waitMs: 63 * second });
  });
});

describe('the schedule of a subscription', () => {
  const own = retryScheduleOf({ retrySeconds: [1, 60, 7_200] });

  it('is its own waits, and then it gives up', () => {
    const waits = [1, 2, 3, 4].map((attempts) => step(failed(), { attempts, schedule: own }));
    expect(waits).toEqual([
      { kind: 'wait', waitMs: second },
      { kind: 'wait', waitMs: minute },
      { kind: 'wait', waitMs: 2 * hour },
      { kind: 'exhausted' },
    ]);
  });

  it('heeds Retry-After, and has the same short schedule for refusals within its own attempts', () => {
    expect(step(failed('90'), { attempts: 2, schedule: own })).toEqual({ kind: 'wait', waitMs: 90 * second });
    expect(step(refused, { attempts: 1, refusals: 1, schedule: own })).toEqual({ kind: 'wait', waitMs: 5 * minute });
    expect(step(refused, { attempts: 3, refusals: 3, schedule: own })).toEqual({ kind: 'exhausted' });
    expect(step(refused, { attempts: 4, refusals: 1, schedule: own })).toEqual({ kind: 'exhausted' });
  });

  it.each([[undefined], [[]], [[0]], [Array(16).fill(1)], [Array(8).fill(86_400)]])(
    "is everybody's where its own is %j",
    (retrySeconds) => {
      expect(retryScheduleOf({ retrySeconds })).toBe(failureSchedule);
    },
  );
});

describe('three days of failures, simulated', () => {
  /** Makes attempts that fail, each taking `attemptMs`, until there is no other; answers when each began, from the first. */
  function failUntilExhausted(random: () => number, attemptMs: number): number[] {
    const begun: number[] = [];
    for (let atMs = now.getTime(); ;) {
      begun.push(atMs - now.getTime());
      atMs += attemptMs;
      const next = nextStep(failed(), { attempts: begun.length, refusals: 0, now: new Date(atMs), random: random() });
      if (next.kind !== 'wait') return begun;
      atMs += next.waitMs;
    }
  }

  it('are ten attempts at the documented times', () => {
    const documented = [0, 5_000, 305_000, 2_105_000, 9_305_000, 27_305_000, 63_305_000, 113_705_000, 185_705_000, 272_105_000];
    expect(failUntilExhausted(() => 0, 0)).toEqual(documented);
  });

  it('are ten attempts within 75 h 40 min, and not within 67 hours, whatever chance says and however long each takes', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), { minLength: 10, maxLength: 10 }),
        fc.nat(15_000),
        (chances, attemptMs) => {
          const begun = failUntilExhausted(() => chances.pop() ?? 0, attemptMs);
          expect(begun).toHaveLength(10);
          expect(begun.at(-1)).toBeLessThanOrEqual(75 * hour + 40 * minute);
          expect(begun.at(-1)).toBeGreaterThanOrEqual(67 * hour);
        },
      ),
    );
  });
});

describe('Retry-After', () => {
  it.each([429, 503])('is heeded with %i, in seconds and as a date', (status) => {
    const stepAfter = (retryAfter: string) => step(verdictOf({ kind: 'answered', status, retryAfter, latencyMs: 1 }), { attempts: 1 });
    expect(stepAfter('600')).toEqual({ kind: 'wait', waitMs: 10 * minute });
    expect(stepAfter('Sun, 22 Nov 2026 06:10:00 GMT')).toEqual({ kind: 'wait', waitMs: 10 * minute });
  });

  it.each([
    ['120', 120_000],
    [' 120 ', 120_000],
    ['0', 0],
    ['Sun, 22 Nov 2026 06:00:30 GMT', 30_000],
    ['Sun, 22 Nov 2026 05:59:30 GMT', 0],
    [null, undefined],
    ['', undefined],
    ['-1', undefined],
    ['1.5', undefined],
    ['1e3', undefined],
    ['0x10', undefined],
    ['9'.repeat(400), undefined],
    ['Sun, 99 Nov 2026 06:00:30 GMT', undefined],
    ['2026-11-22T06:00:30Z', undefined],
    ['Sunday, 22-Nov-26 06:00:30 GMT', undefined],
  ])('%j is read as %j ms', (header, expected) => {
    expect(retryAfterMs(header, now)).toBe(expected);
  });
});
