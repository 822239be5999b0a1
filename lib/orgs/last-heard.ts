import type { OrgId } from '../okta/org.ts';

/** When an org spoke last: to within ten minutes, for an environment does not note every request. */
export interface HeardOrg {
  readonly org: OrgId;
  readonly at: Date;
}

/** Port: every org that has ever spoken and was not deleted since. An org that has been silent for 400 days is forgotten. */
export interface LastHeard {
  /** @throws RelayError SENDER_STORE_UNAVAILABLE */
  lastHeard(): Promise<readonly HeardOrg[]>;
}
