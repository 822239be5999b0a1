import type { Change } from '../identity/change.ts';
import { compileFilter } from './scim-filter/compile-filter.ts';
import type { FilterWork } from './scim-filter/filter-work.ts';
import type { Subscription } from './subscription.ts';
import { matchesTypePattern } from './type-pattern.ts';

/** Demonstrations speak of people who do not exist: only a subscription that names this org hears of it. */
export const demonstrationOrg = 'demo';

/** `work`: what the filter may do, unlimited unless told; once it is negative the answer means nothing. */
export type Matcher = (change: Change, work?: FilterWork) => boolean;

/**
 * Whether a change is owed to the subscription: its type, its org and the filter all agree. Status is not looked at.
 * Compile once per subscription read and use it for many changes; the matcher never throws.
 * @throws Error when the stored filter does not compile. It did when it was created, so this is a bug or a hand-made item;
 * the message holds the subscription's id and nothing of the filter.
 */
export function compileSubscription(subscription: Pick<Subscription, 'id' | 'types' | 'orgs' | 'filter'>): Matcher {
  const { types, orgs } = subscription;
  const filter = subscription.filter === undefined ? undefined : compiled(subscription.id, subscription.filter);
  return (change, work) =>
    types.some((pattern) => matchesTypePattern(pattern, change.type)) &&
    (orgs === undefined ? change.data.org !== demonstrationOrg : orgs.includes(change.data.org)) &&
    (filter === undefined || filter(change, work));
}

function compiled(id: string, text: string): Matcher {
  const filter = compileFilter(text);
  if (filter.kind === 'invalid') throw new Error(`The stored filter of ${id} does not compile`);
  return filter.matches;
}
