import type { Authentication, Org } from '../okta/org.ts';
import { fieldProblemsOf, type FieldProblem } from '../subscriptions/field-problems.ts';
import { keptSecret, newHookSecret, type SecretParts } from './hook-secret.ts';
import type { OrgRegistry } from './org-registry.ts';
import { createOrgSchema, type CreateOrgRequest } from './org-request.ts';

export interface CreateOrgParts extends SecretParts {
  readonly orgs: Pick<OrgRegistry, 'create'>;
  readonly now: () => Date;
}

export type CreateOrgOutcome =
  /** `secret`: only when it was made here. It is never told again. */
  | { readonly kind: 'created'; readonly org: Org; readonly secret: string | undefined }
  | { readonly kind: 'invalid'; readonly errors: readonly FieldProblem[] }
  | { readonly kind: 'exists' };

/** Makes an org from what an operator sent. @throws RelayError KEY_UNAVAILABLE, ORG_STORE_UNAVAILABLE; it may exist then. */
export async function createOrg(body: unknown, parts: CreateOrgParts): Promise<CreateOrgOutcome> {
  const parsed = createOrgSchema.safeParse(body);
  if (!parsed.success) return { kind: 'invalid', errors: fieldProblemsOf(parsed.error) };
  const { authentication, secret: given } = parsed.data;
  const secret = given ?? newHookSecret(authentication.kind, parts);
  const org = await orgOf(parsed.data, secret, parts);
  const stored = await parts.orgs.create(org);
  return stored === 'exists' ? { kind: 'exists' } : { kind: 'created', org, secret: given === undefined ? secret : undefined };
}

async function orgOf(request: CreateOrgRequest, secret: string, parts: CreateOrgParts): Promise<Org> {
  const time = parts.now().toISOString();
  return {
    id: request.id,
    hosts: [...new Set(request.hosts)],
    authentication: [await schemeOf(request, secret, parts)],
    ...(request.hooks === undefined ? {} : { hooks: request.hooks }),
    ...(request.silentAfterHours === undefined ? {} : { silentAfterHours: request.silentAfterHours }),
    madeBy: 'api',
    createdAt: time,
    updatedAt: time,
  };
}

async function schemeOf({ id, authentication }: CreateOrgRequest, secret: string, parts: CreateOrgParts): Promise<Authentication> {
  const kept = await keptSecret(authentication.kind, secret, { org: id, secretBox: parts.secretBox });
  if (kept.kind === 'hmac') return { kind: 'hmac', secrets: [kept.sealed] };
  const digests = [kept.digest];
  return authentication.kind === 'header'
    ? { kind: 'header', headerName: authentication.headerName.toLowerCase(), digests }
    : { kind: 'basic', digests };
}
