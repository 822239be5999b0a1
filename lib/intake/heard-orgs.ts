import type { OrgId } from '../okta/org.ts';

/** Port: when orgs last spoke. */
export interface HeardOrgs {
  /**
   * Notes that an authentic request of the org arrived at this time, in place of what was noted before.
   * @throws RelayError SENDER_STORE_UNAVAILABLE
   */
  hear(heard: { org: OrgId; at: Date }): Promise<void>;
}
