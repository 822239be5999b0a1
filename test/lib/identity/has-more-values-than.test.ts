import { describe, expect, it } from 'vitest';
import { hasMoreValuesThan } from '#lib/identity/has-more-values-than.ts';

describe('hasMoreValuesThan', () => {
  it.each([
    ['an empty list', [], 0],
    ['a list', [1, null, 'x'], 3],
    ['an object', { a: 1, b: undefined, c: null }, 3],
    ['a list of objects', [{ a: 1 }, { b: [] }, { c: [0, 0] }], 8],
  ])('counts members and elements at all levels of %s', (_, value, count) => {
    expect(hasMoreValuesThan(count, value)).toBe(false);
    expect(hasMoreValuesThan(count - 1, value)).toBe(true);
  });

  it.each([undefined, null, 'text', 7])('finds none in %s', (value) => {
    expect(hasMoreValuesThan(0, value)).toBe(false);
  });

  it('does not overflow, however deep and however wide', () => {
    const deep: unknown = JSON.parse('['.repeat(1_000_000) + ']'.repeat(1_000_000));
    expect(hasMoreValuesThan(2_000_000, deep)).toBe(false);
    expect(hasMoreValuesThan(10, deep)).toBe(true);
    expect(hasMoreValuesThan(10, Array(2_000_000).fill([]))).toBe(true);
  });
});
