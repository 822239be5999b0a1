import type { Change } from '#lib/identity/change.ts';
import { orgIdSchema } from '#lib/okta/org.ts';

/** A change that a group membership makes, with invented people. */
export function memberAdded(overrides: Partial<Change> = {}): Change {
  return {
    specversion: '1.0',
    id: '2d050e48-fc0a-11ea-bbf6-1d98632c66b8',
    source: 'https://acme.okta.example.com',
    type: 'identity.group.member_added',
    subject: 'users/00uAna',
    time: '2026-11-21T12:58:42.340Z',
    datacontenttype: 'application/json',
    partitionkey: 'acme:00uAna',
    recordedtime: '2026-11-21T12:58:52.611Z',
    statekey: 'users/00uAna/groups/00gEng',
    origin: 'hook',
    data: {
      org: orgIdSchema.parse('acme'),
      user: { id: '00uAna', userName: 'ana@example.com', displayName: 'Ana Ito' },
      group: { id: '00gEng', displayName: 'Engineering' },
      scim: { resourceType: 'Group', id: '00gEng', operation: 'patch' },
      okta: { eventType: 'group.user_membership.add' },
    },
    ...overrides,
  };
}
