import type { OrgId } from '../okta/org.ts';
import type { HeardOrg, LastHeard } from './last-heard.ts';
import type { OrgRegistry } from './org-registry.ts';

/** Hours of silence that are too long for an org that does not say otherwise (`silentAfterHours`): a day. */
export const defaultSilentAfterHours = 24;
const hourMs = 60 * 60_000;

export interface SilentOrgsParts {
  readonly lastHeard: LastHeard;
  readonly orgs: Pick<OrgRegistry, 'find'>;
  readonly metrics: { count(name: 'SilentOrgs', value: number): void };
  readonly now: () => Date;
}

export interface SilentOrgs {
  readonly silent: readonly OrgId[];
  /** One for each org that could not be looked at, or for all of them. */
  readonly errors: readonly unknown[];
}

/**
 * Which orgs used to speak and have been silent for longer than they should, counted as a metric. An org that never spoke is not among
 * them, nor is one that is disabled, deleted, or allowed to be silent for ever. One that is stays so until it speaks or somebody
 * decides. Throws nothing: without an answer there is no metric, and the error is in the report.
 */
export async function silentOrgs(parts: SilentOrgsParts): Promise<SilentOrgs> {
  const errors: unknown[] = [];
  try {
    const nowMs = parts.now().getTime();
    // An hour is the least that an org can ask for: most orgs have spoken since, and need not be read.
    const quiet = (await parts.lastHeard.lastHeard()).filter(({ at }) => nowMs - at.getTime() >= hourMs);
    const silent: OrgId[] = [];
    for (const heard of quiet) {
      try {
        if (await isSilent(heard, parts.orgs, nowMs)) silent.push(heard.org);
      } catch (error) {
        // One org that cannot be read must not hide the silence of all others.
        errors.push(error);
      }
    }
    parts.metrics.count('SilentOrgs', silent.length);
    return { silent, errors };
  } catch (error) {
    return { silent: [], errors: [...errors, error] };
  }
}

async function isSilent({ org: id, at }: HeardOrg, orgs: SilentOrgsParts['orgs'], nowMs: number): Promise<boolean> {
  const stored = await orgs.find(id);
  if (stored === undefined || stored.org.status === 'disabled') return false;
  const { silentAfterHours = defaultSilentAfterHours } = stored.org;
  return silentAfterHours !== null && nowMs - at.getTime() >= silentAfterHours * hourMs;
}
