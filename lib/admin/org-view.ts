import type { Authentication, Org } from '../okta/org.ts';
import { defaultSilentAfterHours } from '../orgs/silent-orgs.ts';
import { countUsable } from '../orgs/rotate-hook-secret.ts';

/** An org as callers see it: field by field, so that no digest and nothing sealed can come along. */
export function orgView(org: Org, now: Date): object {
  const { id, hosts, authentication, status, hooks, silentAfterHours = defaultSilentAfterHours, createdAt, updatedAt } = org;
  return {
    id,
    hosts,
    status: status ?? 'active',
    authentication: authentication.map((scheme) => schemeView(scheme, now)),
    hooks: { confirmed: hooks?.confirmed ?? [], others: hooks?.others ?? 'accept' },
    silentAfterHours,
    createdAt: createdAt ?? null,
    updatedAt: updatedAt ?? null,
  };
}

function schemeView(scheme: Authentication, now: Date): object {
  const secrets = countUsable(scheme, now);
  return {
    kind: scheme.kind,
    ...(scheme.kind === 'header' ? { headerName: scheme.headerName } : {}),
    secrets,
    previousUntil: secrets > 1 ? (scheme.previousUntil ?? null) : null,
  };
}
