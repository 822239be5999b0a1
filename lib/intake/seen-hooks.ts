import type { OrgId } from '../okta/org.ts';

/** Port: which event hooks were seen to send for an org. */
export interface SeenHooks {
  /**
   * Notes that the org's events named this hook; noted again it stays as it was first. Answers the hook that was noted first of all: the
   * one the org is bound to while nobody has confirmed any.
   * @throws RelayError SENDER_STORE_UNAVAILABLE
   */
  note(seen: { org: OrgId; hook: string; at: Date }): Promise<{ first: string }>;
}
