import type { Authentication, Org, OrgId } from '../okta/org.ts';
import { usableSecrets } from '../okta/usable-secrets.ts';
import { fieldProblemsOf } from '../subscriptions/field-problems.ts';
import type { ChangeOrgOutcome } from './change-org.ts';
import { keptSecret, newHookSecret, type KeptSecret, type SecretParts } from './hook-secret.ts';
import type { OrgRegistry } from './org-registry.ts';
import { credentialsProblem, rotateSecretSchema, type RotateSecretRequest } from './org-request.ts';

export interface RotateParts extends SecretParts {
  readonly orgs: Pick<OrgRegistry, 'find' | 'replace'>;
  readonly now: () => Date;
}

export type RotateOutcome =
  /** `secret`: only when it was made here. It is never told again. */
  | { readonly kind: 'rotated'; readonly org: Org; readonly secret: string | undefined }
  /** Two secrets count already, and it was not said which of them goes on beside the new one. */
  | { readonly kind: 'rotating'; readonly until: string | undefined }
  | Exclude<ChangeOrgOutcome, { kind: 'changed' }>;

/**
 * Gives an org a new secret; the one it had counts for `overlapSeconds` more, so that Okta can be told in between, and one that an earlier
 * rotation ends for no longer than it would have. With an overlap of 0 only the new one counts.
 * @throws RelayError KEY_UNAVAILABLE, ORG_STORE_UNAVAILABLE; the secret may be rotated then, to one that nobody knows.
 */
export async function rotateHookSecret(body: unknown, id: OrgId, parts: RotateParts): Promise<RotateOutcome> {
  const stored = await parts.orgs.find(id);
  if (stored === undefined) return { kind: 'unknown' };
  const parsed = rotateSecretSchema.safeParse(body);
  if (!parsed.success) return { kind: 'invalid', errors: fieldProblemsOf(parsed.error) };
  if (stored.org.madeBy === 'start') return { kind: 'made-at-start' };
  const chosen = schemeToRotate(stored.org, parsed.data.scheme);
  if ('detail' in chosen) return { kind: 'invalid', errors: [{ pointer: '/scheme', detail: chosen.detail }] };
  const { scheme, place } = chosen;
  const fault = credentialsProblem(scheme.kind, parsed.data.secret);
  if (fault !== undefined) return { kind: 'invalid', errors: [{ pointer: '/secret', detail: fault }] };

  const now = parts.now();
  const { overlapSeconds, keep } = parsed.data;
  if (overlapSeconds > 0 && keep === undefined && countUsable(scheme, now) > 1) return { kind: 'rotating', until: scheme.previousUntil };
  const secret = parsed.data.secret ?? newHookSecret(scheme.kind, parts);
  const kept = await keptSecret(scheme.kind, secret, { org: id, secretBox: parts.secretBox });
  const rotated = withNewSecret(scheme, kept, { overlapSeconds, keep: keep ?? 'current', now });
  const org: Org = { ...stored.org, authentication: stored.org.authentication.with(place, rotated), updatedAt: now.toISOString() };
  if ((await parts.orgs.replace(org, stored.revision)) === 'changed') return { kind: 'raced' };
  return { kind: 'rotated', org, secret: parsed.data.secret === undefined ? secret : undefined };
}

/** The only scheme, or the only one of the kind that was asked for. */
function schemeToRotate(
  { authentication }: Org,
  kind: RotateSecretRequest['scheme'],
): { scheme: Authentication; place: number } | { detail: string } {
  const found = authentication.flatMap((scheme, place) => (kind === undefined || scheme.kind === kind ? [{ scheme, place }] : []));
  const [only, another] = found;
  const kinds = authentication.map((scheme) => `\`${scheme.kind}\``).join(', ');
  if (only === undefined) return { detail: `is none of the org's; it has ${kinds}` };
  if (another === undefined) return only;
  return {
    detail:
      kind === undefined ? `is required: the org has ${kinds}` : 'is there more than once in this org, which only its item can tell apart',
  };
}

export function countUsable(scheme: Authentication, now: Date): number {
  const secrets: readonly unknown[] = scheme.kind === 'hmac' ? scheme.secrets : scheme.digests;
  return usableSecrets(secrets, scheme.previousUntil, now.getTime()).length;
}

interface Overlap {
  readonly overlapSeconds: number;
  readonly keep: 'current' | 'previous';
  readonly now: Date;
}

function withNewSecret(scheme: Authentication, kept: KeptSecret, overlap: Overlap): Authentication {
  const until = new Date(overlap.now.getTime() + overlap.overlapSeconds * 1_000).toISOString();
  const { previousUntil: ended, ...fixed } = scheme;
  const beside = <T>(fresh: T, secrets: readonly T[]): { secrets: T[]; previousUntil?: string } => {
    const usable = usableSecrets(secrets, ended, overlap.now.getTime());
    const [current, previous] = usable;
    const keepsPrevious = overlap.keep === 'previous' && previous !== undefined;
    const old = keepsPrevious ? previous : current;
    if (overlap.overlapSeconds === 0 || old === undefined) return { secrets: [fresh] };
    return { secrets: [fresh, old], previousUntil: keepsPrevious ? earlier(until, ended) : until };
  };
  if (fixed.kind === 'hmac' && kept.kind === 'hmac') return { ...fixed, ...beside(kept.sealed, fixed.secrets) };
  if (fixed.kind !== 'hmac' && kept.kind !== 'hmac') {
    const { secrets, ...end } = beside(kept.digest, fixed.digests);
    return { ...fixed, digests: secrets, ...end };
  }
  throw new Error('A secret was made for another scheme');
}

/** What was to end keeps its end, however often it is kept. */
function earlier(until: string, ended: string | undefined): string {
  return ended !== undefined && Date.parse(ended) < Date.parse(until) ? ended : until;
}
