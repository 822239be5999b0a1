import type { SequencedChange } from '../identity/change.ts';
import { projected } from './attribute-projection.ts';
import type { Subscription } from './subscription.ts';

/**
 * The change, as much of it as the subscription asks for: all of it, or what its `attributes` or the format `minimal` leave. Once more gives the
 * same again. Total, and does not touch its input.
 */
export function narrowedChange(
  change: SequencedChange,
  { format, attributes }: Pick<Subscription, 'format' | 'attributes'>,
): SequencedChange {
  const paths = format === 'minimal' ? [] : attributes;
  if (paths === undefined) return change;
  // Every attribute of the contract and every member it asks for is among what is always sent, so the part is a change again; a property test parses it.
  return projected(change, paths) as SequencedChange;
}
