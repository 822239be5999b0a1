import type { scimOperations } from './change.ts';

/** Whom an event of a row must name, each exactly once, to be that change. */
export type Participant = 'user' | 'group' | 'app';

export interface ChangeType {
  /** Okta's name. */
  readonly eventType: string;
  /** Ours. */
  readonly type: `identity.${string}`;
  readonly needs: readonly Participant[];
  /** Which piece of state it sets, with the ids of the participants filled in; absent for a fact. */
  readonly stateKey?: string;
  readonly scim?: { readonly resourceType: 'User' | 'Group'; readonly operation: (typeof scimOperations)[number] };
  /** A membership that SCIM can say in full: the PatchOp on the group's members. */
  readonly members?: 'add' | 'remove';
  /** The `debugData` member that names administrator roles. */
  readonly rolesFrom?: 'privilegeGranted' | 'privilegeRevoked';
  /** `debugData.changedAttributes` names attributes of the user's app profile. */
  readonly changesAppProfile?: true;
  /** Early captures of lifecycle and membership events carry no outcome: they count as successes, and say so. */
  readonly assumeSuccess: boolean;
  /** Takes access away; never waits behind a delivery that fails. */
  readonly removal: boolean;
}

type Details = Partial<Omit<ChangeType, 'eventType' | 'type' | 'needs'>>;

function row(eventType: string, type: ChangeType['type'], needs: readonly Participant[], details: Details = {}): ChangeType {
  return { eventType, type, needs, assumeSuccess: false, removal: false, ...details };
}

const user = (operation: (typeof scimOperations)[number]) => ({ scim: { resourceType: 'User', operation } }) as const;
const group = (operation: (typeof scimOperations)[number]) => ({ scim: { resourceType: 'Group', operation } }) as const;
const removal = { removal: true } as const;
const assumeSuccess = { assumeSuccess: true } as const;
const userStatus = { stateKey: 'users/{user}/status', ...assumeSuccess } as const;
const lock = { stateKey: 'users/{user}/lock' } as const;
const existence = { stateKey: 'groups/{group}', ...assumeSuccess } as const;
const member = { stateKey: 'users/{user}/groups/{group}', ...group('patch'), ...assumeSuccess } as const;
const userAssignment = { stateKey: 'users/{user}/apps/{app}', ...assumeSuccess } as const;
const groupAssignment = { stateKey: 'groups/{group}/apps/{app}' } as const;

/** The contract's table: which Okta event is which change. Every other event type becomes `okta.<eventType>`. */
export const changeTypes: readonly ChangeType[] = [
  row('user.lifecycle.create', 'identity.user.created', ['user'], { ...userStatus, ...user('create') }),
  row('user.lifecycle.activate', 'identity.user.activated', ['user'], { ...userStatus, ...user('activate') }),
  row('user.lifecycle.reactivate', 'identity.user.activated', ['user'], { ...userStatus, ...user('activate') }),
  row('user.lifecycle.deactivate', 'identity.user.deactivated', ['user'], { ...userStatus, ...user('deactivate'), ...removal }),
  row('user.lifecycle.suspend', 'identity.user.suspended', ['user'], { ...userStatus, ...user('deactivate'), ...removal }),
  row('user.lifecycle.unsuspend', 'identity.user.unsuspended', ['user'], { ...userStatus, ...user('activate') }),
  row('user.lifecycle.delete.initiated', 'identity.user.deleted', ['user'], { ...userStatus, ...user('delete'), ...removal }),
  // Facts: they name what changed but carry no values, so each one counts and none replaces another.
  row('user.account.update_profile', 'identity.user.updated', ['user'], user('patch')),
  row('user.account.update_primary_email', 'identity.user.updated', ['user'], user('patch')),
  row('user.account.update_secondary_email', 'identity.user.updated', ['user'], user('patch')),
  row('user.account.lock', 'identity.user.locked', ['user'], lock),
  row('user.account.unlock', 'identity.user.unlocked', ['user'], lock),
  row('user.account.unlock_by_admin', 'identity.user.unlocked', ['user'], lock),
  row('user.account.update_password', 'identity.user.password_changed', ['user']),
  row('user.account.reset_password', 'identity.user.password_reset', ['user']),
  row('user.account.privilege.grant', 'identity.user.role_granted', ['user'], { rolesFrom: 'privilegeGranted' }),
  row('user.account.privilege.revoke', 'identity.user.role_revoked', ['user'], { rolesFrom: 'privilegeRevoked' }),
  row('user.mfa.factor.activate', 'identity.user.mfa_enrolled', ['user']),
  row('user.mfa.factor.deactivate', 'identity.user.mfa_removed', ['user']),
  row('user.mfa.factor.reset_all', 'identity.user.mfa_reset', ['user']),
  row('group.lifecycle.create', 'identity.group.created', ['group'], { ...existence, ...group('create') }),
  row('group.lifecycle.delete', 'identity.group.deleted', ['group'], { ...existence, ...group('delete') }),
  row('group.profile.update', 'identity.group.updated', ['group'], group('patch')),
  row('group.user_membership.add', 'identity.group.member_added', ['user', 'group'], { ...member, members: 'add' }),
  row('group.user_membership.remove', 'identity.group.member_removed', ['user', 'group'], { ...member, members: 'remove', ...removal }),
  row('group.privilege.grant', 'identity.group.role_granted', ['group'], { rolesFrom: 'privilegeGranted' }),
  row('group.privilege.revoke', 'identity.group.role_revoked', ['group'], { rolesFrom: 'privilegeRevoked' }),
  row('application.user_membership.add', 'identity.app.user_assigned', ['user', 'app'], { ...userAssignment, ...user('feed.add') }),
  row('application.user_membership.remove', 'identity.app.user_unassigned', ['user', 'app'], {
    ...userAssignment,
    ...user('feed.remove'),
    ...removal,
  }),
  row('application.user_membership.update', 'identity.app.user_updated', ['user', 'app'], { ...assumeSuccess, changesAppProfile: true }),
  row('group.application_assignment.add', 'identity.app.group_assigned', ['group', 'app'], groupAssignment),
  row('group.application_assignment.remove', 'identity.app.group_unassigned', ['group', 'app'], { ...groupAssignment, ...removal }),
];
