import { describe, expect, it } from 'vitest';
import { changesOf } from '../../bench/isolation-load.ts';

describe.each([
  { perSecond: 1, seconds: 10 },
  { perSecond: 2, seconds: 60 },
  { perSecond: 5, seconds: 4 },
  { perSecond: 3, seconds: 3 },
])('$perSecond changes a second for $seconds s', ({ perSecond, seconds }) => {
  const changes = changesOf({ perSecond, seconds });

  it('are as many, in the order of their time, and over in that time', () => {
    expect(changes).toHaveLength(perSecond * seconds);
    expect(changes.map(({ atMs }) => atMs)).toEqual(changes.map(({ atMs }) => atMs).toSorted((a, b) => a - b));
    expect(changes.at(-1)?.atMs).toBeLessThan(seconds * 1_000);
  });

  it("are every second one the same person's next within a second, and of nobody who was there before otherwise", () => {
    const seen = new Set<number>();
    for (const [index, { atMs, person, isNext }] of changes.entries()) {
      const before = changes[index - 1];
      expect(isNext).toBe(index % 2 === 1);
      if (isNext) {
        expect(person).toBe(before?.person);
        expect(atMs - (before?.atMs ?? 0)).toBeGreaterThan(0);
        expect(atMs - (before?.atMs ?? 0)).toBeLessThan(1_000);
      } else expect(seen.has(person)).toBe(false);
      seen.add(person);
    }
  });
});
