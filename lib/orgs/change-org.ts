import type { Org, OrgId } from '../okta/org.ts';
import { fieldProblemsOf, type FieldProblem } from '../subscriptions/field-problems.ts';
import type { OrgRegistry } from './org-registry.ts';
import { changeOrgSchema } from './org-request.ts';

export type ChangeOrgOutcome =
  | { readonly kind: 'changed'; readonly org: Org }
  | { readonly kind: 'invalid'; readonly errors: readonly FieldProblem[] }
  | { readonly kind: 'unknown' }
  /** Flags or file of local mode made it, and would make it again. */
  | { readonly kind: 'made-at-start' }
  /** Somebody else changed it at the same time; nothing was written. */
  | { readonly kind: 'raced' };

/** Changes hosts, hooks, status or how long it may be silent. @throws RelayError ORG_STORE_UNAVAILABLE; it may be changed then. */
export async function changeOrg(
  body: unknown,
  id: OrgId,
  { orgs, now }: { orgs: Pick<OrgRegistry, 'find' | 'replace'>; now: () => Date },
): Promise<ChangeOrgOutcome> {
  const stored = await orgs.find(id);
  if (stored === undefined) return { kind: 'unknown' };
  const parsed = changeOrgSchema.safeParse(body);
  if (!parsed.success) return { kind: 'invalid', errors: fieldProblemsOf(parsed.error) };
  if (stored.org.madeBy === 'start') return { kind: 'made-at-start' };
  const { hosts, hooks, status, silentAfterHours } = parsed.data;
  const org: Org = {
    ...stored.org,
    ...(hosts === undefined ? {} : { hosts: [...new Set(hosts)] }),
    ...(hooks === undefined ? {} : { hooks }),
    ...(status === undefined ? {} : { status }),
    ...(silentAfterHours === undefined ? {} : { silentAfterHours }),
    updatedAt: now().toISOString(),
  };
  return (await orgs.replace(org, stored.revision)) === 'replaced' ? { kind: 'changed', org } : { kind: 'raced' };
}
