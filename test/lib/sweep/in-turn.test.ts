import { describe, expect, it } from 'vitest';
import { inTurn } from '#lib/sweep/in-turn.ts';

const intervalMs = 60_000;
const startedAt = Date.parse('2026-11-22T06:00:00.000Z');
const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index);
const orderOf = (count: number, run: number) => inTurn(numbers(count), { now: () => new Date(startedAt + run * intervalMs), intervalMs });

describe('taking turns', () => {
  it('leaves nobody out, and has the others behind the first in their order', () => {
    for (const run of numbers(30)) {
      const order = orderOf(12, run);
      expect(order).toEqual(numbers(12).map((index) => ((order[0] ?? 0) + index) % 12));
    }
  });

  it.each([1, 2, 3, 4, 5, 8, 12, 30, 40, 97, 100, 1_000])('has each of %d first in twice as many runs', (count) => {
    for (const from of [0, 1_439, 525_600]) {
      const firsts = numbers(2 * count).map((run) => orderOf(count, from + run)[0]);
      expect(new Set(firsts).size).toBe(count);
    }
  });

  it.each([40, 100, 130, 990, 1_000])('comes to each of %d within twenty runs where one has time for a tenth of them', (count) => {
    for (const from of [0, 1_439, 525_600]) {
      const seen = numbers(20).flatMap((run) => orderOf(count, from + run).slice(0, count / 10));
      expect(new Set(seen).size).toBe(count);
    }
  });

  it('has nothing to do with none', () => {
    expect(orderOf(0, 7)).toEqual([]);
  });
});
