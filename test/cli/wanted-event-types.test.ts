import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { changeTypes } from '#lib/identity/change-types.ts';
import { matchesTypePattern } from '#lib/subscriptions/type-pattern.ts';
import { hookEligibleEventTypes } from '../../cli/hook-eligible-event-types.ts';
import { wantedEventTypes } from '../../cli/wanted-event-types.ts';
import { hookEligibleEventTypes as catalogue } from '../lib/identity/fixtures.ts';
import { scaled } from '../support/scale.ts';

it('the list of types that hooks can have is the catalogue', () => {
  expect(hookEligibleEventTypes).toEqual(catalogue);
});

describe('wantedEventTypes', () => {
  it.each<[string, readonly string[]]>([
    ['identity.user.activated', ['user.lifecycle.activate', 'user.lifecycle.reactivate']],
    ['user.lifecycle.deactivate', ['user.lifecycle.deactivate']],
    ['okta.group.privilege.*', ['group.privilege.grant', 'group.privilege.revoke']],
    ['group.privilege.*', ['group.privilege.grant', 'group.privilege.revoke']],
    ['relay.*', []],
  ])('%s wants %s', (pattern, types) => {
    expect(wantedEventTypes([pattern])).toEqual({ types, unavailable: [], unknown: [] });
  });

  it('wants everything for a star', () => {
    expect(wantedEventTypes(['*']).types).toEqual([...hookEligibleEventTypes].sort());
  });

  it('passes on what is newer than the list, and says what it does not know', () => {
    expect(wantedEventTypes(['user.lifecycle.teleport'], ['user.lifecycle.create'])).toEqual({
      types: ['user.lifecycle.create'],
      unavailable: ['user.lifecycle.teleport'],
      unknown: ['user.lifecycle.teleport'],
    });
    expect(wantedEventTypes([], ['user.lifecycle.teleport'])).toEqual({ types: ['user.lifecycle.teleport'], unavailable: [], unknown: [] });
  });

  it('tells what is in no list from what no hook can have', () => {
    expect(wantedEventTypes(['user.account.update_primary_email', 'identity.usr.*'])).toEqual({
      types: [],
      unavailable: ['identity.usr.*', 'user.account.update_primary_email'],
      unknown: ['identity.usr.*'],
    });
  });

  it('wants each event whose change, or whose failure, a subscription with that pattern would get', () => {
    const names = [...changeTypes.map(({ type }) => type), ...hookEligibleEventTypes.map((eventType) => `okta.${eventType}`)];
    const pattern = fc
      .tuple(fc.constantFrom(...names), fc.nat({ max: 40 }), fc.boolean())
      .map(([name, length, whole]) => (whole ? name : `${name.slice(0, length)}*`));
    fc.assert(
      fc.property(fc.array(pattern, { minLength: 1, maxLength: 5 }), (patterns) => {
        const { types } = wantedEventTypes(patterns);
        const needed = hookEligibleEventTypes.filter((eventType) => {
          const changes = [`okta.${eventType}`, ...changeTypes.filter((row) => row.eventType === eventType).map((row) => row.type)];
          return patterns.some((each) => changes.some((change) => matchesTypePattern(each, change)));
        });
        expect(types).toEqual(expect.arrayContaining(needed));
      }),
      { numRuns: scaled(500, 30) },
    );
  });
});
