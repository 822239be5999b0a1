import { describe, expect, it } from 'vitest';
import type { SequencedChange } from '#lib/identity/change.ts';
import { alwaysSent, attributePathProblem, projected } from '#lib/subscriptions/attribute-projection.ts';
import { memberAdded } from './changes.ts';

const core = 'urn:ietf:params:scim:schemas:core:2.0';
const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

/** A change with something in every place there is. */
function fullChange(): SequencedChange {
  const { data, ...change } = memberAdded();
  return {
    ...change,
    sequence: '1795265922340-0000000000000000042',
    data: {
      ...data,
      app: { id: '0oaWiki', displayName: 'Wiki', userId: '0uaAna', attributes: ['nick'] },
      actor: { id: '00uBen', type: 'User', displayName: 'Ben Osei' },
      roles: ['Help desk'],
      scim: {
        resourceType: 'Group',
        id: '00gEng',
        operation: 'patch',
        attributes: ['displayName'],
        patch: { schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'], Operations: [{ op: 'add', path: 'members', value: 'Ana' }] },
        resource: {
          userName: 'ana@example.com',
          displayName: 'Of the resource',
          emails: [{ value: 'ana@example.com', type: 'work' }, { value: 'ana@home.example.com' }],
          [enterprise]: { department: 'Research', manager: { value: '00uBen', displayName: 'Ben Osei' } },
        },
      },
      okta: {
        eventType: 'group.user_membership.add',
        hookRequestId: 'hook-1',
        transactionId: 'tx-1',
        outcome: { result: 'FAILURE', reason: 'Ana is unknown' },
        outcomeAssumed: true,
        event: {
          client: { ipAddress: '192.0.2.7' },
          target: [{ id: '00uAna', displayName: 'Ana Ito' }, [{ displayName: 'Deep' }], 'text'],
        },
      },
      extra: { name: 'of a later version' },
    },
    futureattribute: 'of a later version',
  };
}

const always = {
  org: 'acme',
  user: { id: '00uAna' },
  group: { id: '00gEng' },
  app: { id: '0oaWiki', userId: '0uaAna' },
  actor: { id: '00uBen' },
  scim: { resourceType: 'Group', id: '00gEng', operation: 'patch' },
  okta: { eventType: 'group.user_membership.add', outcome: { result: 'FAILURE' }, outcomeAssumed: true },
};
const dataOf = (paths: string[]) => (projected(fullChange(), paths) as { data: Record<string, unknown> }).data;

describe('a projection', () => {
  it('sends what a receiver cannot work without when nothing is asked for, and not a name besides', () => {
    const { data, futureattribute, ...envelope } = fullChange();
    expect(projected(fullChange(), [])).toEqual({ ...envelope, data: always });
  });

  it.each<[string, object]>([
    ['user.userName', { user: { id: '00uAna', userName: 'ana@example.com' } }],
    ['USER.USERNAME', { user: { id: '00uAna', userName: 'ana@example.com' } }],
    ['user', { user: { id: '00uAna', userName: 'ana@example.com', displayName: 'Ana Ito' } }],
    ['group.displayName', { group: { id: '00gEng', displayName: 'Engineering' } }],
    ['roles', { roles: ['Help desk'] }],
    ['scim.attributes', { scim: { ...always.scim, attributes: ['displayName'] } }],
    ['scim.patch', { scim: { ...always.scim, patch: fullChange().data.scim?.patch } }],
    [
      'scim.resource.emails.value',
      { scim: { ...always.scim, resource: { emails: [{ value: 'ana@example.com' }, { value: 'ana@home.example.com' }] } } },
    ],
    ['scim.resource.emails.type', { scim: { ...always.scim, resource: { emails: [{ type: 'work' }] } } }],
    ['okta.event.target.displayName', { okta: { ...always.okta, event: { target: [{ displayName: 'Ana Ito' }] } } }],
    ['okta.outcome.reason', { okta: { ...always.okta, outcome: { result: 'FAILURE', reason: 'Ana is unknown' } } }],
    ['okta.hookRequestId', { okta: { ...always.okta, hookRequestId: 'hook-1' } }],
  ])('adds exactly what %s leads to', (path, added) => {
    expect(dataOf([path])).toEqual({ ...always, ...added });
  });

  it.each<[string, object, object]>([
    [`${core}:User:userName`, { user: { id: '00uAna', userName: 'ana@example.com' } }, { resource: { userName: 'ana@example.com' } }],
    [`${core}:User:displayName`, { user: { id: '00uAna', displayName: 'Ana Ito' } }, { resource: { displayName: 'Of the resource' } }],
    [`${core}:USER:emails.type`, {}, { resource: { emails: [{ type: 'work' }] } }],
    [`${enterprise}:department`, {}, { resource: { [enterprise]: { department: 'Research' } } }],
    [`${enterprise.toUpperCase()}:MANAGER.displayname`, {}, { resource: { [enterprise]: { manager: { displayName: 'Ben Osei' } } } }],
    [`${core}:Group:displayName`, { group: { id: '00gEng', displayName: 'Engineering' } }, {}],
    [`${core}:User:nickName`, {}, {}],
    [`${core}:Group:userName`, {}, {}],
    ['urn:example:params:1.0:Badge:number', {}, {}],
  ])('of a User adds exactly the attribute that %s is', (path, added, ofResource) => {
    const whole = fullChange();
    const ofUser = { ...whole, data: { ...whole.data, scim: { ...whole.data.scim, resourceType: 'User' as const } } };
    const { data } = projected(ofUser as SequencedChange, [path]) as { data: object };
    expect(data).toEqual({ ...always, ...added, scim: { ...always.scim, resourceType: 'User', ...ofResource } });
  });

  it("takes a Group's displayName for no User's, and the other way round", () => {
    expect(dataOf([`${core}:User:displayName`])).toEqual({ ...always, user: { id: '00uAna', displayName: 'Ana Ito' } });
    expect(dataOf([`${core}:Group:displayName`])).toEqual({
      ...always,
      group: { id: '00gEng', displayName: 'Engineering' },
      scim: { ...always.scim, resource: { displayName: 'Of the resource' } },
    });
  });

  it.each(['user:userName', 'urn:ietf:params:scim:api:messages:2.0:PatchOp:Operations', 'scim.resource:user'])(
    'leaves nothing for %s, should one like it ever be stored',
    (path) => {
      expect(dataOf([path])).toEqual(always);
    },
  );

  it.each(['user.nickName', 'user.userName.first', 'roles.name', 'user.constructor', 'user.toString', 'okta.event.nothing.there'])(
    'leaves nothing for %s, which leads to nothing',
    (path) => {
      expect(dataOf([path])).toEqual(always);
    },
  );

  it('sends the whole of what is asked for in whole and in part, in either order', () => {
    for (const paths of [
      ['user', 'user.userName'],
      ['user.userName', 'user'],
    ])
      expect(dataOf(paths)['user']).toEqual({ id: '00uAna', userName: 'ana@example.com', displayName: 'Ana Ito' });
  });

  it('takes no stray member for one of the contract, whatever its case', () => {
    const { data, ...change } = fullChange();
    const stray = { ...change, data: { ...data, USER: { id: 'x', userName: 'planted' } } };
    expect(JSON.stringify(projected(stray, ['user.userName']))).not.toContain('planted');
  });

  it('keeps a member called __proto__ a member, and gives it to nobody who did not ask', () => {
    const change = JSON.parse(
      JSON.stringify(fullChange()).replace('"userName":', '"__proto__":{"polluted":"planted"},"userName":'),
    ) as SequencedChange;
    const whole = JSON.stringify(projected(change, ['user', 'scim.resource']));
    expect(whole).toContain('"__proto__":{"polluted":"planted"}');
    expect(JSON.stringify(projected(change, ['user.userName']))).not.toContain('planted');
    expect(({} as { polluted?: string }).polluted).toBeUndefined();
  });

  it('leaves its input as it was', () => {
    const change = fullChange();
    projected(change, ['user.userName']);
    expect(change).toEqual(fullChange());
  });
});

describe('an attribute path', () => {
  it.each(['org', 'user.userName', 'Group.DisplayName', 'okta.event.debugContext.debugData.a-b_c', 'user.$ref', 'scim.patch', 'reason'])(
    'can be %s',
    (path) => {
      expect(attributePathProblem(path)).toBeUndefined();
    },
  );

  it.each([
    `${core}:User:userName`,
    `${core}:Group:displayName`,
    `${core}:user:name.familyName`,
    `${enterprise}:department`,
    `${enterprise}:manager.value`,
    'urn:okta:acme_app_1:1.0:user:custom:badgeNumber',
  ])('can be an attribute by the URN of its schema: %s', (path) => {
    expect(attributePathProblem(path)).toBeUndefined();
  });

  it.each([...alwaysSent])('is always sent, and can be asked for: %s', (path) => {
    expect(attributePathProblem(path)).toBeUndefined();
  });

  it.each([
    ['', '1 to 200 characters'],
    [`user.${'x'.repeat(196)}`, '1 to 200 characters'],
    ['emails[type eq "work"].value', 'brackets'],
    [`${core}:User:emails[type eq "work"].value`, 'brackets'],
    [`${core}:User`, 'no change has attributes of'],
    [enterprise, 'no change has attributes of'],
    [`${core}:ServiceProviderConfig:patch`, 'no change has attributes of'],
    ['urn:ietf:params:scim:api:messages:2.0:PatchOp:Operations', 'no change has attributes of'],
    [`${core}:User:`, 'names joined by dots'],
    [`${core}:User:user name`, 'names joined by dots'],
    [`${core}:User:__proto__`, 'names joined by dots'],
    ['urn:', 'is not a schema URN'],
    ['urn:userName', 'is not a schema URN'],
    ['user:userName', 'is not a schema URN'],
    ['okta:login', 'is not a schema URN'],
    [` ${core}:User:userName`, 'is not a schema URN'],
    [`user.${core}:User:userName`, 'is not a schema URN'],
    [`urn${':a'.repeat(60)}::b`, 'is not a schema URN'],
    ['user..userName', 'names joined by dots'],
    ['.user', 'names joined by dots'],
    ['user.', 'names joined by dots'],
    ['user userName', 'names joined by dots'],
    [' user', 'names joined by dots'],
    ['user.*', 'names joined by dots'],
    ['user.9lives', 'names joined by dots'],
    ['user.__proto__', 'names joined by dots'],
    ['user.ame\u0301', 'names joined by dots'],
    ['userName', 'no member'],
    ['data.user', 'no member'],
    ['type', 'no member'],
    ['constructor', 'no member'],
    ['\u212aey', 'names joined by dots'],
    ['scim.patch.Operations', 'PatchOp'],
    ['SCIM.Patch.operations.path', 'PatchOp'],
  ])('cannot be %j', (path, reason) => {
    expect(attributePathProblem(path)).toContain(reason);
  });
});
