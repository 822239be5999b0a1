import type { Org, OrgId } from '../okta/org.ts';

/** Port: the Okta orgs we know. */
export interface OrgStore {
  /**
   * Answers undefined for an org that is not known. `fresh` asks for an answer from the store itself: a store that
   * caches gives one no older than a second, or fails.
   * @throws RelayError ORG_STORE_UNAVAILABLE
   */
  find(id: OrgId, options?: { fresh?: boolean }): Promise<Org | undefined>;
}
