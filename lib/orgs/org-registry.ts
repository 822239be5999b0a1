import type { Org, OrgId } from '../okta/org.ts';

export interface StoredOrg {
  readonly org: Org;
  /** What was read, for the store to tell whether it has changed since. Opaque. */
  readonly revision: string;
}

/** Port: the orgs, to be managed. Every write says what it replaces. @throws RelayError ORG_STORE_UNAVAILABLE */
export interface OrgRegistry {
  find(id: OrgId): Promise<StoredOrg | undefined>;
  /** In the order of their ids. */
  list(page: { limit: number; cursor?: string | undefined }): Promise<OrgPage>;
  /** `exists`: another org has this id. The same org created again is `created`, so that a lost answer can be asked for again. */
  create(org: Org): Promise<'created' | 'exists'>;
  /** `changed`: it is no longer what was read, and nothing was written. */
  replace(org: Org, revision: string): Promise<'replaced' | 'changed'>;
  remove(id: OrgId, revision: string): Promise<'removed' | 'changed'>;
}

export type OrgPage =
  | { readonly kind: 'page'; readonly data: readonly Org[]; readonly nextCursor: string | null }
  /** The cursor is none that a page of this list ended with. */
  | { readonly kind: 'bad-cursor' };

/** An event hook that an org's events named. */
export interface SightedHook {
  readonly id: string;
  readonly firstSeenAt: string;
  /** The one that was seen first of all, which counts as the org's own while none is confirmed. */
  readonly isFirst: boolean;
}

/** Port: what was seen of an org's senders. @throws RelayError SENDER_STORE_UNAVAILABLE */
export interface OrgSenders {
  /** At most a hundred. */
  hooks(org: OrgId): Promise<readonly SightedHook[]>;
  /** Forgets an org's hooks, so that the next one seen is the first again, and that it was ever heard. */
  forget(org: OrgId): Promise<void>;
}
