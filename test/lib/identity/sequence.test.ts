import { describe, expect, it } from 'vitest';
import { changeSchema } from '#lib/identity/change.ts';
import { sequenceOf } from '#lib/identity/sequence.ts';
import { changeOf, eventWith } from './acme.ts';

const change = { time: '2026-11-21T12:58:42.340Z', recordedtime: '2026-11-21T12:58:52.611Z' };

describe('sequenceOf', () => {
  it('is the time in 13 digits and the offset in 19', () => {
    expect(sequenceOf(change, 42)).toBe('1795265922340-0000000000000000042');
    expect(sequenceOf(change, 9_223_372_036_854_775_807n)).toBe('1795265922340-9223372036854775807');
  });

  it('takes the earlier of both times, so that a clock that runs ahead gains nothing', () => {
    expect(sequenceOf({ ...change, time: '2226-01-01T00:00:00.000Z' }, 0)).toBe('1795265932611-0000000000000000000');
  });

  it('orders by time first and by offset among equals, as text', () => {
    const later = { ...change, time: '2026-11-21T12:58:42.341Z' };
    expect(sequenceOf(later, 1) > sequenceOf(change, 1_000_000)).toBe(true);
    expect(sequenceOf(change, 10) > sequenceOf(change, 9)).toBe(true);
  });

  it('is what the schema of a change asks for', () => {
    const made = changeOf(eventWith({}));
    expect(changeSchema.safeParse({ ...made, sequence: sequenceOf(made, 7) }).success).toBe(true);
  });

  it('makes none of an offset or a time that has no place', () => {
    expect(() => sequenceOf(change, -1)).toThrow(RangeError);
    expect(() => sequenceOf(change, 10n ** 19n)).toThrow(RangeError);
    expect(() => sequenceOf({ ...change, time: 'soon' }, 1)).toThrow(RangeError);
  });
});
