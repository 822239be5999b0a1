import { demonstrationOrg } from '../subscriptions/matches.ts';

/** Names no Okta org can have: the demonstration's, the relay's own in operator events, and the one the quarantine has for inputs of nobody. */
export const takenOrgIds: readonly string[] = [demonstrationOrg, 'relay', 'unknown'];
