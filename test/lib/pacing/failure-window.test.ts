import { describe, expect, it } from 'vitest';
import { failurePolicy, FailureWindow } from '#lib/pacing/failure-window.ts';
import { subscriptionIdSchema } from '#lib/subscriptions/subscription.ts';

const payroll = subscriptionIdSchema.parse('sub_01k9payr0ll0000000000000');
const badges = subscriptionIdSchema.parse('sub_01k9badges00000000000000');
const at = (seconds: number) => new Date(Date.parse('2026-11-22T06:00:00.000Z') + seconds * 1_000);

/** Attempts of one subscription, written as `f` failed, `r` refused, `+` accepted, each with its lane: `f1 r2 +1`; what the last one answers. */
function last(window: FailureWindow, attempts: string, given: { subscription?: typeof payroll; everySeconds?: number } = {}): boolean {
  const verdicts = { f: 'failed', r: 'refused', '+': 'accepted' } as const;
  return (
    attempts
      .trim()
      .split(/\s+/)
      .map((text, index) => {
        const [verdict, group] = [verdicts[text.charAt(0) as keyof typeof verdicts], text.slice(1)];
        return window.record(given.subscription ?? payroll, { group, verdict, now: at(index * (given.everySeconds ?? 3)) });
      })
      .at(-1) === true
  );
}

describe('a circuit opens', () => {
  it.each([
    ['five failures in three lanes', 'f1 f2 f3 f1 f2', true],
    ['four failures', 'f1 f2 f3 f1', false],
    ['failures in two lanes only', 'f1 f2 f1 f2 f1 f2 f1', false],
    ['failures in one lane only: the change is at fault', 'f1 '.repeat(15), false],
    ['a success in between', 'f1 f2 f3 f1 +4 f2', false],
    ['lanes that failed before a success only', 'f1 f2 f3 +4 f1 f1 f1 f1 f1', false],
    ['five failures after a success', '+1 f1 f2 f3 f1 f2', true],
    ['refusals in several lanes and nothing else', 'r1 r2 r3 r1 r2', true],
    ['refusals in two lanes', 'r1 r2 r1 r2 r1 r2', false],
    ['refusals and failures together', 'r1 f2 r3 f1 r2', true],
    ['refusals with a success in between', 'r1 r2 +4 r3 r1 r2', false],
    ['a success as the last', 'f1 f2 f3 f1 f2 +3', false],
  ])('or does not: %s', (_, attempts, expected) => {
    expect(last(new FailureWindow(), attempts)).toBe(expected);
  });

  it('on failures that are days apart too, if nothing was accepted in between', () => {
    expect(last(new FailureWindow(), 'f1 f2 f3 f1 f2', { everySeconds: 86_400 })).toBe(true);
  });

  it.each([
    ['half of twenty failed', '+1 f1 '.repeat(10), true],
    ['half of eighteen failed', '+1 f1 '.repeat(9), false],
    ['fewer than half of twenty-one failed', '+1 +1 f1 '.repeat(7), false],
    ['a third failed and a third was refused: a refusal is an answer', '+1 f1 r1 '.repeat(12) + 'f1', true],
    ['half was refused and none failed', '+1 r1 '.repeat(20), false],
  ])('on a rate of failures in a minute: %s', (_, attempts, expected) => {
    expect(last(new FailureWindow(), attempts, { everySeconds: 1 })).toBe(expected);
  });

  it.each([
    ['nine seconds of failures', 'f1 f2 f3 f1 f2 f3 f1 f2 f3 f1', false],
    ['ten seconds of failures', 'f1 f2 f3 f1 f2 f3 f1 f2 f3 f1 f2', true],
  ])('only when they go on for longer than a restart takes: %s', (_, attempts, expected) => {
    expect(last(new FailureWindow(), attempts, { everySeconds: 1 })).toBe(expected);
    expect(last(new FailureWindow(), 'f1 f2 f3 f4 '.repeat(10), { everySeconds: 0.2 })).toBe(false);
  });

  it('counts the rate over the last sixty seconds only', () => {
    const window = new FailureWindow();
    const record = (seconds: number, verdict: 'accepted' | 'failed') => window.record(payroll, { group: '1', verdict, now: at(seconds) });
    for (let attempt = 0; attempt < 10; attempt += 1) record(0, 'accepted');
    for (let attempt = 0; attempt < 9; attempt += 1) record(49, 'failed');
    expect(record(59, 'failed')).toBe(true);
    expect(record(60, 'failed')).toBe(false);
  });

  it('stands by it until something is accepted, or it is told to forget', () => {
    const window = new FailureWindow();
    expect(last(window, 'f1 f2 f3 f1 f2 f3')).toBe(true);
    window.forget(payroll);
    expect(last(window, 'f1 f2 f3 f1')).toBe(false);
    expect(window.record(payroll, { group: '2', verdict: 'failed', now: at(12) })).toBe(true);
  });

  it('by its own failures and not by those of another', () => {
    const window = new FailureWindow();
    last(window, 'f1 f2 f3 f1');
    expect(last(window, 'f1', { subscription: badges })).toBe(false);
    expect(window.record(payroll, { group: '1', verdict: 'failed', now: at(12) })).toBe(true);
  });

  it('also with a clock that was set back', () => {
    const window = new FailureWindow();
    for (let attempt = 0; attempt < 30; attempt += 1) window.record(payroll, { group: '1', verdict: 'accepted', now: at(3_600) });
    expect(last(window, '+1 f1 '.repeat(10), { everySeconds: 1 })).toBe(true);
  });
});

describe('its memory', () => {
  const numbered = (number: number) => subscriptionIdSchema.parse(`sub_${String(number).padStart(26, '0')}`);

  it('forgets the subscription that was quiet longest, and only above its bound', () => {
    const window = new FailureWindow();
    const four = (subscription: typeof payroll) => last(window, 'f1 f2 f3 f1', { subscription });
    four(payroll);
    four(badges);
    for (let number = 0; number < failurePolicy.maxSubscriptions - 2; number += 1) last(window, 'f1', { subscription: numbered(number) });
    last(window, 'r1', { subscription: badges });
    last(window, 'f1', { subscription: numbered(10_000) });
    const later = { group: '2', verdict: 'failed', now: at(30) } as const;
    expect(window.record(payroll, later)).toBe(false);
    expect(window.record(badges, later)).toBe(true);
  });
});
