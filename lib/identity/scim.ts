import type { LogEvent } from '../okta/log-event.ts';
import { scimPathOf } from './attribute-names.ts';
import type { Change } from './change.ts';
import type { ChangeType } from './change-types.ts';
import { namesIn } from './names-in.ts';
import type { Participants } from './participants.ts';

type Scim = NonNullable<Change['data']['scim']>;
const patchSchema = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

/** What an event of this row means in SCIM words; undefined where SCIM has none. */
export function scimOf(row: ChangeType, said: { event: LogEvent; participants: Participants }): Scim | undefined {
  const { user, group } = said.participants;
  const resource = row.scim?.resourceType === 'Group' ? group : user;
  if (row.scim === undefined || resource === undefined) return undefined;
  const scim: Scim = { resourceType: row.scim.resourceType, id: resource.id, operation: row.scim.operation };
  if (row.members !== undefined && user !== undefined) return { ...scim, patch: memberPatch(row.members, user.id) };
  if (row.scim.operation !== 'patch') return scim;
  const names = namesIn(said.event, 'changedAttributes');
  const { resourceType } = row.scim;
  return names === undefined ? scim : { ...scim, attributes: names.map((name) => scimPathOf(resourceType, name)) };
}

/** A body for `PATCH /Groups/{id}` (RFC 7644 §3.5.2). A filter's text is a JSON string (§3.4.2.2), so any id can stand in it. */
function memberPatch(change: 'add' | 'remove', userId: string): NonNullable<Scim['patch']> {
  const operation =
    change === 'add'
      ? { op: 'add', path: 'members', value: [{ value: userId }] }
      : { op: 'remove', path: `members[value eq ${JSON.stringify(userId)}]` };
  return { schemas: [patchSchema], Operations: [operation] };
}
