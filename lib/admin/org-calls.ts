import { orgIdSchema } from '../okta/org.ts';
import { changeOrg, type ChangeOrgOutcome } from '../orgs/change-org.ts';
import { createOrg } from '../orgs/create-org.ts';
import { rotateHookSecret } from '../orgs/rotate-hook-secret.ts';
import type { AdminCall, AdminParts, CallInput } from './admin-call.ts';
import type { AdminOutcome } from './admin-outcome.ts';
import { readCallBody } from './call-body.ts';
import { readJsonBody } from './json-body.ts';
import { orgView } from './org-view.ts';
import { badCursor, readQuery } from './query.ts';

export const createOrgCall: AdminCall = async ({ request }, parts) => {
  const body = readCallBody(request, { required: true });
  if (body.kind !== 'read') return body;
  const outcome = await createOrg(body.value, parts);
  if (outcome.kind === 'invalid') return outcome;
  if (outcome.kind === 'exists') return { kind: 'conflict', detail: 'There is an org with this id. Nothing was changed' };
  const { org, secret } = outcome;
  return { kind: 'created', location: `/v1/orgs/${org.id}`, body: { ...orgView(org, parts.now()), ...secretOnce(secret) } };
};

export const listOrgsCall: AdminCall = async ({ request }, { orgs, now }) => {
  const query = readQuery(request.query, {});
  if (query.kind === 'invalid') return query;
  const page = await orgs.list(query.value);
  if (page.kind === 'bad-cursor') return badCursor;
  return { kind: 'found', body: { data: page.data.map((org) => orgView(org, now())), nextCursor: page.nextCursor } };
};

export const getOrgCall: AdminCall = async ({ name }, { orgs, now }) => {
  const id = orgIdSchema.safeParse(name);
  const stored = id.success ? await orgs.find(id.data) : undefined;
  return stored === undefined ? { kind: 'not-found' } : { kind: 'found', body: orgView(stored.org, now()) };
};

export const changeOrgCall: AdminCall = async ({ request, name }, parts) => {
  const id = orgIdSchema.safeParse(name);
  if (!id.success) return { kind: 'not-found' };
  const body = readJsonBody(request);
  if (body.kind !== 'read') return body;
  const outcome = await changeOrg(body.value, id.data, parts);
  return outcome.kind === 'changed' ? { kind: 'found', body: orgView(outcome.org, parts.now()) } : fault(outcome);
};

export const rotateHookSecretCall: AdminCall = async ({ request, name }, parts) => {
  const id = orgIdSchema.safeParse(name);
  if (!id.success) return { kind: 'not-found' };
  const body = readJsonBody(request);
  if (body.kind !== 'read') return body;
  const outcome = await rotateHookSecret(body.value, id.data, parts);
  if (outcome.kind === 'rotated') return { kind: 'found', body: { ...orgView(outcome.org, parts.now()), ...secretOnce(outcome.secret) } };
  if (outcome.kind !== 'rotating') return fault(outcome);
  const until = outcome.until === undefined ? '' : ` until ${outcome.until}`;
  return { kind: 'conflict', detail: `Two secrets count${until}. Say with \`keep\` which one goes on beside the new one, or overlap 0` };
};

/** Not found a second time: whoever asks again after a lost answer learns that it is gone. */
export async function deleteOrgCall(
  { name }: Pick<CallInput, 'name'>,
  { orgs, orgSenders, now }: Pick<AdminParts, 'orgs' | 'orgSenders' | 'now'>,
): Promise<AdminOutcome> {
  const id = orgIdSchema.safeParse(name);
  const stored = id.success ? await orgs.find(id.data) : undefined;
  if (stored === undefined) return { kind: 'not-found' };
  if (stored.org.madeBy === 'start') return fault({ kind: 'made-at-start' });
  // First: an org made anew under this name must not be bound to the hooks of the old one, and after the removal nobody could ask again.
  await orgSenders.forget(stored.org.id);
  if ((await orgs.remove(stored.org.id, stored.revision)) === 'changed') return fault({ kind: 'raced' });
  // Once more, for what its hooks sent in between. An environment that goes on with the old org for its minute may still note them.
  await orgSenders.forget(stored.org.id);
  return { kind: 'found', body: orgView(stored.org, now()) };
}

export const listOrgHooksCall: AdminCall = async ({ name }, { orgs, orgSenders }) => {
  const id = orgIdSchema.safeParse(name);
  const stored = id.success ? await orgs.find(id.data) : undefined;
  if (stored === undefined) return { kind: 'not-found' };
  const confirmed = stored.org.hooks?.confirmed ?? [];
  const seen = await orgSenders.hooks(stored.org.id);
  const standing = (hook: string, isFirst: boolean): string => {
    if (confirmed.includes(hook)) return 'confirmed';
    return confirmed.length === 0 && isFirst ? 'first' : 'unconfirmed';
  };
  const unseen = confirmed.filter((hook) => !seen.some(({ id }) => id === hook));
  const data = [
    ...seen.map((hook) => ({ id: hook.id, standing: standing(hook.id, hook.isFirst), firstSeenAt: hook.firstSeenAt })),
    ...unseen.map((hook) => ({ id: hook, standing: 'confirmed', firstSeenAt: null })),
  ];
  return { kind: 'found', body: { data } };
};

function secretOnce(secret: string | undefined): { secret?: string } {
  return secret === undefined ? {} : { secret };
}

function fault(outcome: Exclude<ChangeOrgOutcome, { kind: 'changed' }>): AdminOutcome {
  switch (outcome.kind) {
    case 'invalid':
      return outcome;
    case 'unknown':
      return { kind: 'not-found' };
    case 'made-at-start':
      return { kind: 'conflict', detail: 'This org comes from the flags or the file of local mode: change it there' };
    case 'raced':
      return { kind: 'conflict', detail: 'The org was changed by somebody else at the same time. Nothing was changed; send it again' };
  }
}
