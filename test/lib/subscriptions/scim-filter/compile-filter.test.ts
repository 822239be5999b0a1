import { describe, expect, it } from 'vitest';
import { compileFilter } from '#lib/subscriptions/scim-filter/compile-filter.ts';
import { memberAdded } from '../changes.ts';

function matches(filter: string, change = memberAdded()): boolean {
  const compiled = compileFilter(filter);
  if (compiled.kind === 'invalid') throw new Error(compiled.detail);
  return compiled.matches(change);
}

describe('compileFilter', () => {
  it.each([
    ['user.userName eq "ana@example.com"', true],
    ['User.USERNAME eq "ANA@example.com"', true],
    ['group.displayName sw "Eng"', true],
    ['group.displayName eq "Sales"', false],
    ['org eq "acme"', true],
    ['app pr', false],
    ['okta.eventType ew ".add"', true],
    ['scim.operation eq "patch" and scim.resourceType eq "Group"', true],
    ['type eq "identity.group.member_added"', true],
    ['type sw "okta."', false],
    ['origin eq "hook"', true],
    ['time gt "2026-11-21T12:58:42Z" and time lt "2026-11-21T12:58:43Z"', true],
    ['id eq "2d050e48-fc0a-11ea-bbf6-1d98632c66b8"', true],
    ['subject eq "users/00uAna"', true],
    ['subject eq "users/00uana"', false],
    ['source co "acme.okta"', true],
  ])('%s is %s over a change', (filter, expected) => {
    expect(matches(filter)).toBe(expected);
  });

  it('finds no subject in a change without one', () => {
    const { subject: _, ...change } = memberAdded();
    expect(matches('subject pr', change)).toBe(false);
  });

  it("gives the event's own attributes, not members of data with the same name in any case", () => {
    const change = memberAdded();
    const hostile = { ...change, data: { ...change.data, type: 'okta.forged', TYPE: 'okta.forged', USER: { id: 'forged' } } };
    expect(matches('TYPE eq "identity.group.member_added"', hostile)).toBe(true);
    expect(matches('USER.id eq "00uAna"', hostile)).toBe(true);
  });

  it.each([
    ['usr.userName pr', 'a change has no `usr`'],
    ['not (user pr or (org pr and nope[a pr]))', 'a change has no `nope`'],
    ['data.user.userName pr', 'a change has no `data`'],
    ['statekey pr', 'a change has no `statekey`'],
  ])('refuses %s: the name leads nowhere', (filter, reason) => {
    expect(compileFilter(filter)).toMatchObject({ kind: 'invalid', detail: expect.stringContaining(reason) });
  });

  it.each(['x'.repeat(2_000), `x..${'y'.repeat(1_900)}`])('repeats no more than the beginning of a name that leads nowhere', (name) => {
    const compiled = compileFilter(`${name} pr`);
    expect(compiled).toMatchObject({ kind: 'invalid', detail: expect.stringContaining(`\`${name.slice(0, 100)}…\``) as string });
    expect(compiled.kind === 'invalid' && compiled.detail.length).toBeLessThan(400);
  });

  it('tells the place of a fault, counted from one', () => {
    expect(compileFilter('user.userName = "x"')).toEqual({ kind: 'invalid', detail: '`=` does not belong here (at character 15)' });
  });
});
