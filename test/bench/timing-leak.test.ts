import { describe, expect, it } from 'vitest';
import { leakOf } from '../../bench/timing-leak.ts';
import { seededRandom } from '../support/seeded-random.ts';

const count = 20_000;

/** Times of about 5 µs with a tail, drifting as a busy machine does; `extraNs` is added to every one. */
function times(random: () => number, extraNs: (at: number) => number): Float64Array {
  return Float64Array.from({ length: count }, (_, at) => {
    const pause = random() < 0.02 ? 200_000 * random() : 0;
    return 5_000 + 300 * Math.sin(at / 2_000) + 400 * (random() + random() + random()) + pause + extraNs(at);
  });
}

function leak(extraNs: number) {
  const random = seededRandom(7);
  return leakOf([times(random, () => 0), times(random, () => extraNs)], random);
}

describe('times of two guesses', () => {
  it('that are of one kind are not told apart, and the interval holds zero', () => {
    const found = leak(0);
    expect(found.isSeen).toBe(false);
    expect(found.intervalNs[0]).toBeLessThan(0);
    expect(found.intervalNs[1]).toBeGreaterThan(0);
  });

  it.each([40, -40, 150])('that differ by %d ns of 5 µs are told apart, and the interval holds that', (extraNs) => {
    const found = leak(extraNs);
    expect(found.isSeen).toBe(true);
    expect(found.maxT).toBeGreaterThan(4.5);
    expect(found.intervalNs[0]).toBeLessThan(extraNs);
    expect(found.intervalNs[1]).toBeGreaterThan(extraNs);
    expect(Math.sign(found.differenceNs)).toBe(Math.sign(extraNs));
  });

  it('that differ in the slow end alone are told apart: it is not cut away from both', () => {
    const random = seededRandom(8);
    const tail = (at: number): number => (at % 20 === 0 ? 3_000 : 0);
    expect(leakOf([times(random, () => 0), times(random, tail)], random).isSeen).toBe(true);
  });

  it('that are all the same are not told apart', () => {
    const same = new Float64Array(1_000).fill(5_000);
    expect(leakOf([same, same], seededRandom(9))).toMatchObject({ maxT: 0, differenceNs: 0, intervalNs: [0, 0], isSeen: false });
  });
});
