import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { predicateOf } from '#lib/subscriptions/scim-filter/evaluate.ts';
import type { Filter } from '#lib/subscriptions/scim-filter/filter.ts';
import { unlimitedWork } from '#lib/subscriptions/scim-filter/filter-work.ts';
import { parseFilter } from '#lib/subscriptions/scim-filter/parser.ts';
import { scaled } from '../../../support/scale.ts';
import { printFilter } from './print-filter.ts';

const numRuns = scaled(5_000, 1_000);

// Names are few, so that filters and data meet.
const name = fc.constantFrom('a', 'b', 'userName', 'id', 'type', 'value', 'and', 'not', 'pr', 'x-y_1', '$ref', 'constructor');
const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names as [string, ...string[]]);
const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('a', 'A', '', '2026-11-21T12:58:42Z', '2026-11-21T13:58:42+01:00'));
const number = fc.oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }));
const literal = fc.oneof(text, number, fc.boolean(), fc.constant(null));

const comparison: fc.Arbitrary<Filter> = fc.oneof(
  fc.record({ kind: fc.constant('present' as const), path }),
  fc.record({ kind: fc.constant('compare' as const), path, operator: fc.constantFrom('eq' as const, 'ne' as const), value: literal }),
  fc.record({
    kind: fc.constant('compare' as const),
    path,
    operator: fc.constantFrom('co' as const, 'sw' as const, 'ew' as const),
    value: text,
  }),
  fc.record({
    kind: fc.constant('compare' as const),
    path,
    operator: fc.constantFrom('gt' as const, 'ge' as const, 'lt' as const, 'le' as const),
    value: fc.oneof(text, number),
  }),
);

function logic(leaf: fc.Arbitrary<Filter>): fc.Arbitrary<Filter> {
  return fc.letrec<{ filter: Filter }>((tie) => ({
    filter: fc.oneof(
      { maxDepth: 3, depthSize: 'small' },
      leaf,
      fc.record({ kind: fc.constant('and' as const), terms: fc.array(tie('filter'), { minLength: 2, maxLength: 3 }) }),
      fc.record({ kind: fc.constant('or' as const), terms: fc.array(tie('filter'), { minLength: 2, maxLength: 3 }) }),
      fc.record({ kind: fc.constant('not' as const), term: tie('filter') }),
    ),
  })).filter;
}
const some: fc.Arbitrary<Filter> = fc.record({ kind: fc.constant('some' as const), path, element: logic(comparison) });
const filter = logic(fc.oneof({ arbitrary: comparison, weight: 4 }, { arbitrary: some, weight: 1 }));

const json = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    literal,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.oneof(name, fc.constantFrom('USERNAME', 'A', '__proto__', 'toString')), tie('value'), { maxKeys: 4 }),
  ),
})).value;

describe('a filter', () => {
  it('is the same after printing and parsing', () => {
    fc.assert(
      fc.property(filter, (original) => {
        const printed = printFilter(original);
        fc.pre(printed.length <= 2_048);
        // JSON has one zero.
        const expected: unknown = JSON.parse(JSON.stringify(original));
        expect(parseFilter(printed)).toEqual({ kind: 'parsed', filter: expected });
      }),
      { numRuns },
    );
  });

  it('answers true or false over any JSON, and leaves it as it was', () => {
    fc.assert(
      fc.property(filter, json, (any, data) => {
        const before = JSON.stringify(data);
        expect([true, false]).toContain(predicateOf(any)(data, unlimitedWork()));
        expect(JSON.stringify(data)).toBe(before);
      }),
      { numRuns },
    );
  });

  it('is given up, or answers what it answers without a limit, and does the same work again', () => {
    fc.assert(
      fc.property(filter, json, fc.integer({ min: 0, max: 2_000 }), (any, data, left) => {
        const holds = predicateOf(any);
        const whole = { left: 1_000_000_000 };
        const answer = holds(data, whole);
        const needed = 1_000_000_000 - whole.left;
        const limited = { left };
        const answerWithin = holds(data, limited);
        expect(limited.left >= 0).toBe(left >= needed);
        if (limited.left >= 0) expect([answerWithin, left - limited.left]).toEqual([answer, needed]);
      }),
      { numRuns },
    );
  });

  it('obeys the laws of logic: not, ne, De Morgan', () => {
    fc.assert(
      fc.property(filter, filter, path, literal, json, (left, right, attribute, value, data) => {
        const holds = (any: Filter) => predicateOf(any)(data, unlimitedWork());
        expect(holds({ kind: 'not', term: left })).toBe(!holds(left));
        const negated: Filter = {
          kind: 'and',
          terms: [
            { kind: 'not', term: left },
            { kind: 'not', term: right },
          ],
        };
        expect(holds({ kind: 'not', term: { kind: 'or', terms: [left, right] } })).toBe(holds(negated));
        const equal = { kind: 'compare', path: attribute, value } as const;
        expect(holds({ ...equal, operator: 'ne' })).toBe(!holds({ ...equal, operator: 'eq' }));
      }),
      { numRuns },
    );
  });

  it('orders: where a single value compares, exactly one of lt, eq and gt holds', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.tuple(number, number),
          fc.tuple(text, text).filter(([, wanted]) => !wanted.startsWith('20')),
        ),
        ([found, wanted]) => {
          const holds = (operator: 'lt' | 'le' | 'eq' | 'ge' | 'gt') =>
            predicateOf({ kind: 'compare', path: ['a'], operator, value: wanted })({ a: found }, unlimitedWork());
          expect([holds('lt'), holds('eq'), holds('gt')].filter(Boolean)).toHaveLength(1);
          expect(holds('le')).toBe(holds('lt') || holds('eq'));
          expect(holds('ge')).toBe(holds('gt') || holds('eq'));
        },
      ),
      { numRuns },
    );
  });
});

describe('parseFilter', () => {
  const fragments = fc.constantFrom(
    '(',
    ')',
    '[',
    ']',
    '"',
    '\\',
    ' ',
    'and',
    'or',
    'not',
    'pr',
    'eq',
    'a',
    'a.b',
    '1',
    '-',
    'e',
    '.',
    'null',
    'true',
    '"x"',
    '\u0000',
    '\ud800',
    '\n',
    ':',
  );

  it('answers every text, with a position within it', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.array(fragments, { maxLength: 60 }).map((parts) => parts.join('')),
        ),
        (any) => {
          const parsed = parseFilter(any);
          if (parsed.kind === 'invalid') {
            expect(parsed.position).toBeGreaterThanOrEqual(0);
            expect(parsed.position).toBeLessThanOrEqual(any.length);
            expect(parsed.detail).not.toBe('');
          } else {
            expect(parseFilter(printFilter(parsed.filter))).toEqual(parsed);
          }
        },
      ),
      { numRuns },
    );
  });
});
