import { changeTypes } from '../identity/change-types.ts';
import { operatorEventKinds } from './subscription.ts';

/** Longest pattern in characters. The longest event type of Okta's catalogue has 93. */
const maxTypePatternLength = 200;

const patternText = /^[A-Za-z0-9._-]*\*?$/;
const passedOn = 'okta.';
/** Events of the relay itself, for its operators. */
const ownBeginning = 'relay.';
const ownTypes = operatorEventKinds.map(relayTypeOf);

/** Type of the event that tells operators of a subscription. */
export function relayTypeOf<const Kind extends string>(kind: Kind): `relay.subscription.${Kind}` {
  return `relay.subscription.${kind}`;
}

/**
 * What is wrong with a pattern, in words, or undefined. A pattern is an exact change type, or the beginning of one and a
 * `*` at the end; `*` alone is every change of every org. Events of the relay have to be named: `relay.` and what follows. A pattern
 * that no change can match is a mistake that nobody would notice.
 */
export function typePatternProblem(pattern: string): string | undefined {
  if (pattern.length === 0 || pattern.length > maxTypePatternLength) return `must have 1 to ${maxTypePatternLength} characters`;
  if (!patternText.test(pattern)) return 'must be a change type such as `identity.user.created`; a `*` can stand at the end only';
  const known = [...changeTypes.map(({ type }) => type), ...ownTypes];
  if (canMatchPassedOn(pattern) || known.some((type) => matchesTypePattern(pattern, type))) return undefined;
  return 'matches no change type: see the table of `identity.*` types; every other Okta event is `okta.<eventType>`';
}

/** `okta.` goes before any event type Okta may ever have, so nothing after it can be checked. */
function canMatchPassedOn(pattern: string): boolean {
  if (!pattern.endsWith('*')) return pattern.startsWith(passedOn) && pattern.length > passedOn.length;
  const beginning = pattern.slice(0, -1);
  return beginning.startsWith(passedOn) || passedOn.startsWith(beginning);
}

/** What the relay says of itself is of no org: who asks for everything (`*`) means the changes, and gets none of it. */
export function matchesTypePattern(pattern: string, type: string): boolean {
  if (type.startsWith(ownBeginning) && !pattern.startsWith(ownBeginning)) return false;
  return pattern.endsWith('*') ? type.startsWith(pattern.slice(0, -1)) : type === pattern;
}
