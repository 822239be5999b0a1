import { changeTypes } from '#lib/identity/change-types.ts';
import { matchesTypePattern } from '#lib/subscriptions/type-pattern.ts';
import { hookEligibleEventTypes } from './hook-eligible-event-types.ts';

export interface WantedEventTypes {
  /** Sorted, each once. */
  readonly types: readonly string[];
  /** Patterns, or types behind a pattern, that no hook can have: Okta tells of them in its System Log only, or does not know them. */
  readonly unavailable: readonly string[];
  /** Those of the unavailable that are in no list in here, neither of Okta's types nor of ours: new ones, or misspelled. */
  readonly unknown: readonly string[];
}

/** Events of the relay itself: subscribed to like changes, but no event of Okta stands behind them. */
const ownEvents = 'relay.';

/**
 * The Okta event types behind patterns. A pattern is one of a subscription (`identity.user.*`, `okta.user.session.start`, `*`) or the same
 * over Okta's own names (`user.lifecycle.*`). Any event can also become `okta.<its type>`, when its outcome is no success: a pattern over
 * `okta.` wants those of the table too.
 */
export function wantedEventTypes(patterns: readonly string[], also: readonly string[] = []): WantedEventTypes {
  const wanted = new Set(also);
  const unavailable = new Set<string>();
  const unknown = new Set<string>();
  for (const pattern of patterns) {
    const found = hookEligibleEventTypes.filter((eventType) => isWanted(pattern, eventType));
    for (const eventType of found) wanted.add(eventType);
    const known = changeTypes.map(({ eventType }) => eventType).filter((eventType) => isWanted(pattern, eventType));
    for (const eventType of known) if (!hookEligibleEventTypes.includes(eventType)) unavailable.add(eventType);
    if (found.length === 0 && known.length === 0 && !pattern.startsWith(ownEvents)) unknown.add(pattern);
  }
  const left = (names: Iterable<string>): string[] => [...names].filter((name) => !wanted.has(name)).sort();
  return { types: [...wanted].sort(), unavailable: left([...unavailable, ...unknown]), unknown: left(unknown) };
}

function isWanted(pattern: string, eventType: string): boolean {
  const names = [eventType, `okta.${eventType}`, ...changeTypes.flatMap((row) => (row.eventType === eventType ? [row.type] : []))];
  return names.some((name) => matchesTypePattern(pattern, name));
}
