import { describe, expect, it } from 'vitest';
import { predicateOf } from '#lib/subscriptions/scim-filter/evaluate.ts';
import { parseFilter } from '#lib/subscriptions/scim-filter/parser.ts';

const most = 9_900;
const times = (count: number, one: string) => Array<string>(count).fill(one).join(' or ');
const list = (count: number, one: unknown) => ({ a: Array<unknown>(count).fill(one) });
const members = Object.fromEntries(Array.from({ length: most }, (_, n) => [`k${n}`, null]));

/** What costs most for its size, by kind of work. Each would take from 20 to 300 ms, and asks for more than it has. */
const slowest: readonly (readonly [string, string, unknown])[] = [
  ['date-times', times(44, 'a gt "2027-11-21T12:58:42Z"'), list(most, '2026-11-21T12:58:42Z')],
  ['date-times of elements', `a[${times(40, 'at gt "2027-11-21T12:58:42Z"')}]`, list(4_900, { at: '2026-11-21T12:58:42Z' })],
  ['short texts', times(64, 'a eq "nobody"'), list(most, 'somebody')],
  ['short texts searched', times(64, 'a co "nobody"'), list(most, 'somebody €')],
  ['identifiers', times(64, 'a.id eq "nobody"'), list(4_900, { id: 'somebody' })],
  ['numbers', times(64, 'a eq 41'), list(most, 42)],
  ['nulls', times(64, 'not (a eq null)'), list(most, null)],
  ['presence of objects', times(64, 'a pr'), list(4_900, { b: null })],
  ['presence of a large object', times(64, 'a pr'), { a: members }],
  ['a name that is not there', times(64, 'missing pr'), members],
  ['names that elements have not', times(60, 'a.missing pr'), list(3_300, { present: 1, other: 1 })],
  ['elements', `a[${times(60, 'b eq 1')}]`, list(4_900, { b: 2 })],
  ['values of objects', times(64, 'a eq "nobody"'), list(4_900, { value: 'somebody' })],
  ['a text in a text', `a co "${'a'.repeat(400)}b${'a'.repeat(1_599)}"`, { a: 'a'.repeat(250_000) }],
  ['one of letters in one of others', `a co "${'a'.repeat(400)}b${'a'.repeat(1_599)}"`, { a: `я${'a'.repeat(249_000)}` }],
  ['letters that become two', times(40, 'a eq "nobody"'), { a: 'İ'.repeat(125_000) }],
];

describe('the work of a filter', () => {
  it.each(slowest)('is bounded by units: %s', (_, text, root) => {
    const parsed = parseFilter(text);
    if (parsed.kind === 'invalid') throw new Error(parsed.detail);
    const holds = predicateOf(parsed.filter);
    const work = { left: 1_000_000 };

    const before = process.cpuUsage();
    holds(root, work);
    const { user, system } = process.cpuUsage(before);

    expect(work.left).toBeLessThan(0);
    // 10 ms by its units; ten times as much on a busy machine, and in code that was not compiled yet.
    expect(user + system).toBeLessThan(100_000);
  });

  it('is next to nothing where a filter finds what it wants at once', () => {
    const parsed = parseFilter('user.id eq "ana" and active eq true');
    if (parsed.kind === 'invalid') throw new Error(parsed.detail);
    const work = { left: 1_000 };

    expect(predicateOf(parsed.filter)({ user: { id: 'ana' }, active: true }, work)).toBe(true);
    expect(work.left).toBeGreaterThan(800);
  });
});
