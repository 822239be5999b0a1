import { beforeEach, describe, expect, it } from 'vitest';
import { orgIdSchema } from '#lib/okta/org.ts';
import { changeOrg } from '#lib/orgs/change-org.ts';
import { headerScheme, orgWith } from '../okta/authenticity-fixtures.ts';
import { orgParts } from './org-parts.ts';

const id = orgIdSchema.parse('acme');
const org = { ...orgWith(headerScheme('one')), madeBy: 'api' as const };
let parts: ReturnType<typeof orgParts>;
beforeEach(() => {
  parts = orgParts();
  parts.orgs.texts.set(id, JSON.stringify(org));
});

describe('changing an org', () => {
  it.each([
    [{ hosts: ['NEW.okta.com'] }, { hosts: ['new.okta.com'] }],
    [{ hooks: { confirmed: ['who1'], others: 'quarantine' } }, { hooks: { confirmed: ['who1'], others: 'quarantine' } }],
    [{ status: 'disabled' }, { status: 'disabled' }],
    [{ silentAfterHours: 80 }, { silentAfterHours: 80 }],
    [{ silentAfterHours: null }, { silentAfterHours: null }],
    [{}, {}],
  ])('by %j changes that and leaves the rest, secrets above all', async (body, changed) => {
    expect(await changeOrg(body, id, parts)).toMatchObject({ kind: 'changed' });
    expect((await parts.orgs.find(id))?.org).toEqual({ ...org, ...changed, updatedAt: '2026-11-21T12:00:00.000Z' });
  });

  it.each([
    [{ id: 'beta' }, '/id'],
    [{ authentication: [] }, '/authentication'],
    [{ madeBy: 'start' }, '/madeBy'],
    [{ hosts: [] }, '/hosts'],
    [{ status: 'gone' }, '/status'],
    [{ silentAfterHours: 0 }, '/silentAfterHours'],
    [{ silentAfterHours: 721 }, '/silentAfterHours'],
    [{ silentAfterHours: 1.5 }, '/silentAfterHours'],
    [{ hooks: { others: 'accept' } }, '/hooks/confirmed'],
    [7, ''],
  ])('by %j is refused at %s', async (body, pointer) => {
    expect(await changeOrg(body, id, parts)).toMatchObject({ kind: 'invalid', errors: [{ pointer }] });
    expect((await parts.orgs.find(id))?.org).toEqual(org);
  });

  it('is refused for one of flags or file, and for one that is not there', async () => {
    parts.orgs.texts.set(id, JSON.stringify({ ...org, madeBy: 'start' }));
    expect(await changeOrg({ status: 'disabled' }, id, parts)).toEqual({ kind: 'made-at-start' });
    expect(await changeOrg({ status: 'disabled' }, orgIdSchema.parse('nobody'), parts)).toEqual({ kind: 'unknown' });
  });

  it('does not undo what was changed in between', async () => {
    const slow = {
      ...parts,
      orgs: {
        replace: parts.orgs.replace.bind(parts.orgs),
        find: async () => {
          const found = await parts.orgs.find(id);
          parts.orgs.texts.set(id, JSON.stringify({ ...org, status: 'disabled' }));
          return found;
        },
      },
    };
    expect(await changeOrg({ hosts: ['new.okta.com'] }, id, slow)).toEqual({ kind: 'raced' });
    expect((await parts.orgs.find(id))?.org).toMatchObject({ status: 'disabled', hosts: org.hosts });
  });
});
