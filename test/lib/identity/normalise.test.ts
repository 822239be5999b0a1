import { describe, expect, it } from 'vitest';
import { changeSchema } from '#lib/identity/change.ts';
import { changeTypes } from '#lib/identity/change-types.ts';
import { ana, ben, changeOf, engineering, eventWith, wiki } from './acme.ts';
import { brokenCloudEventsRules, publishedSchemaErrors } from './change-rules.ts';
import { changeFixtures, hookEligibleEventTypes } from './fixtures.ts';

const schemaErrors = publishedSchemaErrors();

describe('normalise, row by row', () => {
  it('has a fixture for each row and a row for each fixture', () => {
    expect([...changeFixtures.keys()].sort()).toEqual(changeTypes.map((row) => row.eventType).sort());
    for (const [eventType, fixture] of changeFixtures) expect(fixture.event['eventType']).toBe(eventType);
  });

  it.each([...changeFixtures])('says %s as its fixture does', (_, fixture) => {
    const change = changeOf(fixture.event);
    expect(change).toStrictEqual(fixture.expected);
    expect(changeSchema.safeParse(change).success).toBe(true);
    expect(schemaErrors(change)).toEqual([]);
    expect(brokenCloudEventsRules(change)).toEqual([]);
  });

  it('walks every hook-eligible type: those of the table become identity changes, all others okta.<eventType>', () => {
    expect(hookEligibleEventTypes).toHaveLength(314);
    const everyone = [ana, engineering, wiki];
    for (const eventType of hookEligibleEventTypes) {
      const change = changeOf(eventWith({ eventType, target: everyone }));
      expect(change.type).toBe(changeFixtures.get(eventType)?.expected.type ?? `okta.${eventType}`);
    }
  });

  it('knows, besides the hook-eligible types, only the two that come by the System Log', () => {
    const others = changeTypes.map((row) => row.eventType).filter((eventType) => !hookEligibleEventTypes.includes(eventType));
    expect(others).toEqual(['user.account.update_primary_email', 'user.account.update_secondary_email']);
  });
});

describe('normalise, what makes an identity change', () => {
  const keepsWhole = (event: Record<string, unknown>) => {
    const change = changeOf(event);
    expect(change.type).toBe(`okta.${String(event['eventType'])}`);
    expect(change.data.okta?.event).toBe(event);
    expect(change.statekey).toBeUndefined();
    expect(change.data.scim).toBeUndefined();
    return change;
  };

  it('keeps a failure as okta.<eventType>, with its outcome', () => {
    const change = keepsWhole(eventWith({ outcome: { result: 'FAILURE', reason: 'Not allowed' } }));
    expect(change.data.okta?.outcome).toEqual({ result: 'FAILURE', reason: 'Not allowed' });
    expect(change.data.user?.id).toBe(ana.id);
  });

  it('takes a missing outcome of a lifecycle or membership type for a success, and says so', () => {
    for (const outcome of [undefined, null, {}, { result: null }]) {
      const change = changeOf(eventWith({ outcome }));
      expect(change.type).toBe('identity.user.deactivated');
      expect(change.data.okta).toMatchObject({ outcomeAssumed: true });
    }
  });

  it('takes a missing outcome of any other type for no success', () => {
    const change = keepsWhole(eventWith({ eventType: 'user.account.unlock', outcome: null }));
    expect(change.data.okta).not.toHaveProperty('outcome');
    expect(change.data.okta).not.toHaveProperty('outcomeAssumed');
  });

  it('assumes success for these types and no others', () => {
    const assumed = changeTypes.filter((row) => row.assumeSuccess).map((row) => row.eventType);
    const documented = changeTypes
      .map((row) => row.eventType)
      .filter((name) => name.includes('.lifecycle.') || name.includes('.user_membership.'));
    expect(assumed).toEqual(documented);
  });

  it('does not take an outcome it cannot read for a missing one', () => {
    for (const outcome of ['FAILURE', ['FAILURE'], 0, false, { result: { FAILURE: true } }, { result: 7 }])
      keepsWhole(eventWith({ outcome }));
  });

  it('keeps a mapped event without the target it needs as okta.<eventType>', () => {
    keepsWhole(eventWith({ target: null }));
    keepsWhole(eventWith({ target: [engineering] }));
    keepsWhole(eventWith({ eventType: 'group.user_membership.remove', target: [ana] }));
    keepsWhole(eventWith({ eventType: 'application.user_membership.add', target: [ana, engineering] }));
  });

  it('does not guess between two users, but takes one named twice for one', () => {
    const change = keepsWhole(eventWith({ target: [ana, ben] }));
    expect(change.data.user).toBeUndefined();
    expect(changeOf(eventWith({ target: [ana, { ...ana, displayName: 'Ana' }] })).type).toBe('identity.user.deactivated');
  });
});

describe('normalise, what a change says', () => {
  it('files an event by its user, else its group, else its first target, else its uuid', () => {
    const key = (target: unknown) => {
      const { subject, partitionkey } = changeOf(eventWith({ eventType: 'policy.rule.update', target }));
      return { subject, partitionkey };
    };
    expect(key([wiki, engineering, ana])).toEqual({ subject: `users/${ana.id}`, partitionkey: `acme:${ana.id}` });
    expect(key([wiki, engineering])).toEqual({ subject: `groups/${engineering.id}`, partitionkey: `acme:${engineering.id}` });
    expect(key([wiki])).toEqual({ subject: `targets/${wiki.id}`, partitionkey: `acme:${wiki.id}` });
    expect(key([])).toEqual({ subject: undefined, partitionkey: 'acme:2d050e48-fc0a-11ea-bbf6-1d98632c66b8' });
  });

  it('leaves out a login that Okta did not give', () => {
    for (const alternateId of ['unknown', '', null, 5]) {
      expect(changeOf(eventWith({ target: [{ ...ana, alternateId }] })).data.user).toEqual({ id: ana.id, displayName: 'Ana Ito' });
    }
  });

  it('keeps of an actor its id, type and name, not its login', () => {
    expect(changeOf(eventWith({ actor: { ...ben, detailEntry: null } })).data.actor).toEqual({
      id: ben.id,
      type: 'User',
      displayName: 'Ben Osei',
    });
  });

  it('writes any id into a SCIM filter as one JSON string', () => {
    const id = 'x"] or members[value pr\\\u0000';
    const change = changeOf(eventWith({ eventType: 'group.user_membership.remove', target: [{ ...ana, id }, engineering] }));
    const path = change.data.scim?.patch?.Operations[0]?.path ?? '';
    const [, quoted = ''] = /^members\[value eq (.*)\]$/.exec(path) ?? [];
    expect(JSON.parse(quoted)).toBe(id);
  });

  it('has no words of its own for ids and types that no attribute can carry: it encodes them', () => {
    const change = changeOf(eventWith({ eventType: 'a b/c\u0000', uuid: 'u\n\ud800', target: [{ id: 'x/y%', type: 'User' }] }));
    expect(change).toMatchObject({
      type: 'okta.a%20b%2Fc%00',
      id: 'u%0A%ED%A0%80',
      subject: 'users/x%2Fy%25',
      partitionkey: 'acme:x%2Fy%25',
    });
    expect(change.data.user?.id).toBe('x/y%');
    expect(change.data.okta?.eventType).toBe('a b/c\u0000');
  });

  it('reads role and attribute names once each, and drops what is no text', () => {
    const roles = (debugData: unknown) =>
      changeOf(eventWith({ eventType: 'user.account.privilege.grant', debugContext: { debugData } })).data.roles;
    expect(roles({ privilegeGranted: ' Admin ,,Admin, Auditor' })).toEqual(['Admin', 'Auditor']);
    for (const value of [['Admin'], 7, null, '', ' , ']) expect(roles({ privilegeGranted: value })).toBeUndefined();
    expect(roles('privilegeGranted')).toBeUndefined();
  });
});
