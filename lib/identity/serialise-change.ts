import { maxChangeBytes, type Change } from './change.ts';
import { hasMoreValuesThan, maxChangeValues } from './has-more-values-than.ts';
import { isDeeperThan } from './is-deeper-than.ts';

/**
 * Levels of nesting that a change may have; Okta's own events have about six. JSON.parse reads any depth, JSON.stringify
 * overflows the stack at a few thousand, and parsers of subscribers give up sooner.
 */
const maxDepth = 100;

export type SerialisedChange =
  | { readonly kind: 'serialised'; readonly value: Uint8Array }
  /** Quarantine reason `change-too-large`; `detail` is a sentence for the operator. */
  | { readonly kind: 'too-large'; readonly detail: string };

/** A change as JSON in UTF-8, if the relay can carry it. Never throws. */
export function serialiseChange(change: Change): SerialisedChange {
  if (hasMoreValuesThan(maxChangeValues, change))
    return { kind: 'too-large', detail: `The change has more than ${maxChangeValues} members and elements.` };
  if (isDeeperThan(maxDepth, change)) return { kind: 'too-large', detail: `The change is nested deeper than ${maxDepth} levels.` };
  const value = new TextEncoder().encode(JSON.stringify(change));
  if (value.byteLength > maxChangeBytes) {
    return { kind: 'too-large', detail: `The change has ${value.byteLength} bytes, ${maxChangeBytes} at most are carried.` };
  }
  return { kind: 'serialised', value };
}
