import { beforeEach, describe, expect, it } from 'vitest';
import { Arrivals } from '../../bench/isolation-arrivals.ts';

describe('what came to two subscribers of two changes', () => {
  let arrivals: Arrivals;
  beforeEach(() => {
    arrivals = new Arrivals(2);
    arrivals.sent('first', { atMs: 1_000, isNext: false });
    arrivals.sent('next', { atMs: 1_500, isNext: true });
  });

  it('is whole when each came to each', () => {
    for (const subscriber of [0, 1]) {
      arrivals.came(subscriber, 'first', 1_010);
      arrivals.came(subscriber, 'next', 1_530);
    }
    expect(arrivals.missing).toBe(0);
    expect(arrivals.repeats).toBe(0);
    expect(arrivals.latenciesMs).toEqual([10, 30, 10, 30]);
    expect(arrivals.nextLatenciesMs).toEqual([30, 30]);
  });

  it('is not made whole by a repeat, whose time does not count either', () => {
    arrivals.came(0, 'first', 1_010);
    arrivals.came(0, 'first', 9_000);
    arrivals.came(0, 'next', 1_530);
    arrivals.came(1, 'next', 1_540);
    expect(arrivals.missing).toBe(1);
    expect(arrivals.repeats).toBe(1);
    expect(arrivals.latenciesMs).toEqual([10, 30, 40]);
  });

  it('is not made whole by a change of before the measuring', () => {
    arrivals.came(1, 'earlier', 1_010);
    expect(arrivals.missing).toBe(4);
    expect(arrivals.latenciesMs).toEqual([]);
  });
});
