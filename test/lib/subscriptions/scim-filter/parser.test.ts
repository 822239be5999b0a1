import { describe, expect, it } from 'vitest';
import { parseFilter } from '#lib/subscriptions/scim-filter/parser.ts';

const compare = (name: string, value: unknown, operator = 'eq') => ({ kind: 'compare', path: name.split('.'), operator, value });
const present = (name: string) => ({ kind: 'present', path: name.split('.') });

describe('parseFilter', () => {
  it.each([
    ['userName eq "bjensen"', compare('userName', 'bjensen')],
    ['name.familyName co "O\'Malley"', compare('name.familyName', "O'Malley", 'co')],
    ['title pr', present('title')],
    ['a.b.c sw "x"', compare('a.b.c', 'x', 'sw')],
    ['members.$ref ew "/2"', compare('members.$ref', '/2', 'ew')],
    ['n EQ 1', compare('n', 1)],
    ['n eq -1.5e+2', compare('n', -150)],
    ['n gt 0', compare('n', 0, 'gt')],
    ['b eq true', compare('b', true)],
    ['b ne false', compare('b', false, 'ne')],
    ['b eq null', compare('b', null)],
    [String.raw`s eq "a\"b\\\u0041\n"`, compare('s', 'a"b\\A\n')],
    ['s eq ") or (["', compare('s', ') or ([')],
    ['s eq "a@b.example" AND x Pr', { kind: 'and', terms: [compare('s', 'a@b.example'), present('x')] }],
    ['\t a pr\r\n', present('a')],
    ['(((a pr)))', present('a')],
    ['not (a pr)', { kind: 'not', term: present('a') }],
    ['NOT(a pr)', { kind: 'not', term: present('a') }],
    ['not pr', present('not')],
    ['e[type eq "work"]', { kind: 'some', path: ['e'], element: compare('type', 'work') }],
    [
      'e[a pr and (b pr or not (c pr))]',
      {
        kind: 'some',
        path: ['e'],
        element: { kind: 'and', terms: [present('a'), { kind: 'or', terms: [present('b'), { kind: 'not', term: present('c') }] }] },
      },
    ],
  ])('reads %s', (text, filter) => {
    expect(parseFilter(text)).toEqual({ kind: 'parsed', filter });
  });

  it('binds `and` closer than `or`, and both looser than parentheses', () => {
    expect(parseFilter('a pr or b pr and c pr')).toEqual({
      kind: 'parsed',
      filter: { kind: 'or', terms: [present('a'), { kind: 'and', terms: [present('b'), present('c')] }] },
    });
    expect(parseFilter('(a pr or b pr) and c pr')).toEqual({
      kind: 'parsed',
      filter: { kind: 'and', terms: [{ kind: 'or', terms: [present('a'), present('b')] }, present('c')] },
    });
  });

  // Position: characters before the fault.
  it.each([
    ['', 0, 'expected an attribute'],
    ['   ', 3, 'expected an attribute'],
    ['userName', 8, 'expected one of eq'],
    ['userName eq', 11, 'expected a value'],
    ['userName eq bjensen', 12, 'expected a value'],
    ['userName eq "x', 12, 'not closed'],
    ['userName eq "x\\"', 12, 'not closed'],
    ['userName eq "x\ny"', 12, 'control character'],
    [String.raw`userName eq "\q"`, 12, 'escape'],
    ['userName is "x"', 9, 'expected one of eq'],
    ['userName eq"x"', 11, 'a space is missing'],
    ['userName eq "x"and a pr', 15, 'a space is missing'],
    ['n eq 1e', 6, 'a space is missing'],
    ['n eq 01', 6, 'a space is missing'],
    ['n eq 1e999', 5, 'too large'],
    ['n eq +1', 5, 'does not belong'],
    ['n eq TRUE', 5, 'expected a value'],
    ['n co 1', 5, 'string only'],
    ['n sw true', 5, 'string only'],
    ['n gt true', 5, 'string or a number only'],
    ['n le null', 5, 'string or a number only'],
    ['a pr b pr', 5, 'expected `and`, `or` or the end'],
    ['a pr and', 8, 'expected an attribute'],
    ['(a pr', 5, 'for this `(`'],
    ['a pr)', 4, 'or the end'],
    ['e[a pr', 6, 'for this `[`'],
    ['e[a pr)', 6, 'for this `[`'],
    ['e[]', 2, 'expected an attribute'],
    ['e[f[a pr]]', 3, 'brackets inside brackets'],
    ['e[a pr].b eq 1', 7, '`.` does not belong here'],
    ['not a pr', 4, 'expected one of eq'],
    ['"x" eq a', 0, 'expected an attribute'],
    ['a..b pr', 0, 'not an attribute path'],
    ['a. pr', 0, 'not an attribute path'],
    ['__proto__ pr', 0, 'not an attribute path'],
    ['a.__proto__.b pr', 0, 'not an attribute path'],
    ['urn:ietf:params:scim:schemas:core:2.0:User:userName pr', 0, 'schema URNs'],
    ['a pr 😀', 5, '`😀` does not belong'],
    ['a\u0000 pr', 1, 'a space is missing'],
  ])('refuses %j at character %i', (text, position, reason) => {
    const parsed = parseFilter(text);
    expect(parsed).toMatchObject({ kind: 'invalid', position });
    expect(parsed).toHaveProperty('detail', expect.stringContaining(reason));
  });

  it('takes 16 levels and refuses the 17th', () => {
    const nested = (levels: number) => '('.repeat(levels) + 'a pr' + ')'.repeat(levels);
    expect(parseFilter(nested(16)).kind).toBe('parsed');
    expect(parseFilter(nested(17))).toMatchObject({ kind: 'invalid', position: 16, detail: 'a filter nests at most 16 deep' });
  });

  it('takes 64 comparisons and refuses the 65th', () => {
    const chain = (count: number) => Array.from({ length: count }, () => 'a pr').join(' or ');
    expect(parseFilter(chain(64)).kind).toBe('parsed');
    expect(parseFilter(chain(65))).toMatchObject({ kind: 'invalid', detail: 'a filter makes at most 64 comparisons' });
  });

  it('takes 2,048 characters and refuses one more', () => {
    const sized = (length: number) => `a eq "${'x'.repeat(length - 7)}"`;
    expect(parseFilter(sized(2_048)).kind).toBe('parsed');
    expect(parseFilter(sized(2_049))).toMatchObject({ kind: 'invalid', detail: 'a filter has at most 2048 characters' });
  });
});
