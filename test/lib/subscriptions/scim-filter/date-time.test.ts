import { describe, expect, it } from 'vitest';
import { instantOf } from '#lib/subscriptions/scim-filter/date-time.ts';

describe('instantOf', () => {
  it.each([
    ['1970-01-01T00:00:00Z', 0],
    ['1970-01-01t00:00:01z', 1_000],
    ['1970-01-01T00:00:00.5Z', 500],
    ['1970-01-01T00:00:00.123456789Z', 123],
    ['1970-01-01T01:00:00+01:00', 0],
    ['1969-12-31T23:30:00-00:30', 0],
    ['2024-02-29T00:00:00Z', 1_709_164_800_000],
  ])('reads %s', (text, instant) => {
    expect(instantOf(text)).toBe(instant);
  });

  it.each([
    '',
    '2026-11-21',
    '2026-11-21T12:58:42',
    '2026-11-21 12:58:42Z',
    '2026-02-30T00:00:00Z',
    '2025-02-29T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-01-01T25:00:00Z',
    '2026-01-01T00:00:00+0100',
    '20260101T000000Z',
    '+002026-01-01T00:00:00Z',
    'Sat, 21 Nov 2026 12:58:42 GMT',
    `2026-01-01T00:00:00.${'0'.repeat(500)}Z`,
  ])('does not take %j for a date-time', (text) => {
    expect(instantOf(text)).toBeUndefined();
  });
});
