import { describe, expect, it } from 'vitest';
import { predicateOf } from '#lib/subscriptions/scim-filter/evaluate.ts';
import { unlimitedWork } from '#lib/subscriptions/scim-filter/filter-work.ts';
import { parseFilter } from '#lib/subscriptions/scim-filter/parser.ts';

const person = {
  id: '00uAbC',
  userName: 'Ana@example.com',
  active: true,
  age: 41,
  nickName: '',
  title: null,
  empty: {},
  hollow: { a: null },
  name: { familyName: 'Ito' },
  tags: ['Red', 'green', 3],
  none: [],
  nested: [['inner']],
  emails: [
    { type: 'work', value: 'ana@example.com', primary: true },
    { type: 'home', value: 'ana@example.net' },
  ],
  hired: '2026-11-21T12:58:42.340Z',
};

function matches(filter: string, value: unknown): boolean {
  const parsed = parseFilter(filter);
  if (parsed.kind === 'invalid') throw new Error(`${filter}: ${parsed.detail}`);
  return predicateOf(parsed.filter)(value, unlimitedWork());
}

// The rows follow the table of docs/scim-filter.md.
describe('a filter over JSON', () => {
  it.each([
    ['userName eq "ana@EXAMPLE.com"', true],
    ['USERNAME eq "ana@example.com"', true],
    ['Name.FamilyName eq "ito"', true],
    ['userName eq "ana"', false],
    ['userName ne "ana"', true],
    ['userName ne "ana@example.com"', false],
    ['id eq "00uAbC"', true],
    ['id eq "00uabc"', false],
    ['ID eq "00uabc"', false],
    ['id sw "00ua"', false],
    ['age eq 41', true],
    ['age eq 41.0', true],
    ['age eq "41"', false],
    ['age ne "41"', true],
    ['age gt 40', true],
    ['age gt 41', false],
    ['age ge 41', true],
    ['age lt 41', false],
    ['age le 41', true],
    ['age gt "40"', false],
    ['active eq true', true],
    ['active eq "true"', false],
    ['active ne false', true],
    ['userName co "@EXAMPLE."', true],
    ['userName sw "ANA@"', true],
    ['userName ew ".COM"', true],
    ['userName sw "example"', false],
    ['userName gt "a"', true],
    ['userName lt "B"', true],
    ['age co "4"', false],
    // Missing and null are the same.
    ['title eq null', true],
    ['missing eq null', true],
    ['userName eq null', false],
    ['userName ne null', true],
    ['title ne null', false],
    ['missing ne "x"', true],
    ['missing eq "x"', false],
    ['missing gt 0', false],
    ['tags eq null', false],
    ['none eq null', true],
    // pr
    ['userName pr', true],
    ['age pr', true],
    ['active pr', true],
    ['title pr', false],
    ['nickName pr', false],
    ['missing pr', false],
    ['empty pr', false],
    ['hollow pr', false],
    ['name pr', true],
    ['none pr', false],
    ['tags pr', true],
    ['emails pr', true],
    // Any element counts; `ne` is the opposite of `eq`.
    ['tags eq "red"', true],
    ['tags eq 3', true],
    ['tags eq "blue"', false],
    ['tags ne "red"', false],
    ['tags ne "blue"', true],
    ['nested eq "inner"', false],
    ['emails.value ew "example.net"', true],
    ['emails co "example.net"', true],
    ['name co "Ito"', false],
    ['emails.type eq "work" and emails.value ew ".net"', true],
    ['emails[type eq "work" and value ew ".net"]', false],
    ['emails[type eq "home" and value ew ".net"]', true],
    ['emails[primary eq true]', true],
    ['emails[not (primary eq true)]', true],
    ['not (emails[primary eq true])', false],
    ['none[a ne 1]', false],
    ['tags[a ne 1]', true],
    ['name[familyName eq "Ito"]', true],
    // Date-times by instant.
    ['hired eq "2026-11-21T13:58:42.34+01:00"', true],
    ['hired gt "2026-11-21T13:00:00+01:00"', true],
    ['hired gt "2026-11-21T13:00:00Z"', false],
    ['hired lt "2027-01-01T00:00:00Z"', true],
    ['userName gt "2026-11-21T12:58:42Z"', false],
    ['hired sw "2026-11-21"', true],
    // Logic
    ['age eq 41 and active eq false', false],
    ['age eq 41 or active eq false', true],
    ['not (age eq 41 and active eq false)', true],
    // Only what is there itself.
    ['constructor pr', false],
    ['userName.length gt 0', false],
    ['tags.length gt 0', false],
    ['toString pr', false],
    ['emails.constructor.name eq "Object"', false],
  ])('%s is %s', (filter, expected) => {
    expect(matches(filter, person)).toBe(expected);
  });

  it('takes the member spelt exactly as in the filter before one in another case', () => {
    expect(matches('a eq 1', { A: 2, a: 1 })).toBe(true);
    expect(matches('a eq 2', { A: 2, a: 1 })).toBe(false);
  });

  it('does not take the Kelvin sign for a k', () => {
    expect(matches('k pr', { '\u212a': 1 })).toBe(false);
  });

  it('reads own members called __proto__ and constructor as data, and nothing behind them', () => {
    const hostile: unknown = JSON.parse('{"__proto__": {"admin": true}, "constructor": {"name": "x"}}');
    expect(matches('admin pr', hostile)).toBe(false);
    expect(matches('constructor.name eq "x"', hostile)).toBe(true);
  });

  it.each([null, 1, 'text', true, [], [[]], undefined])('matches nothing in %j', (value) => {
    expect(matches('a pr or a.b eq 1 or a[b pr]', value)).toBe(false);
  });

  it('stands JSON nested 100,000 deep', () => {
    const depth = 100_000;
    const list: unknown = JSON.parse('{"a":' + '['.repeat(depth) + ']'.repeat(depth) + '}');
    const object: unknown = JSON.parse('{"a":'.repeat(depth) + '1' + '}'.repeat(depth));
    expect(matches('a pr and a.a pr or a[a eq 1] or a eq null', list)).toBe(false);
    expect(matches('a pr and a.a.a.a.a eq 1', object)).toBe(false);
  });

  // Half a second on a free core for 64 comparisons over more than the largest change; growth with the square of anything would take minutes.
  it('costs no more than comparisons times size on the worst filter and the worst change', () => {
    const filter = Array.from({ length: 64 }, () => 'A.B eq "x"').join(' or ');
    const wide = {
      a: Array.from({ length: 20_000 }, (_, index) => ({ c: index })),
      ...Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`k${index}`, 0])),
    };
    const long = { a: { b: 'a'.repeat(262_144) } };
    const needle = `a.b co "b${'a'.repeat(900)}" or a.b co "${'a'.repeat(900)}b"`;
    const before = process.cpuUsage();
    expect(matches(filter, wide)).toBe(false);
    expect(matches(needle, long)).toBe(false);
    const { user, system } = process.cpuUsage(before);
    // Of the processor's time, not the clock's: whoever else is busy on this machine counts in the clock.
    expect((user + system) / 1_000).toBeLessThan(5_000);
  });
});
