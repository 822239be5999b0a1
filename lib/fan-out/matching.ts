import { RelayError } from '../errors.ts';
import type { Change } from '../identity/change.ts';
import { compileSubscription } from '../subscriptions/matches.ts';
import type { Subscription } from '../subscriptions/subscription.ts';

export interface MatchAnswer {
  /** `unasked`: whether the change is owed to it is not known, for its filter asks for more work than there is. */
  readonly kind: 'owed' | 'not-owed' | 'unasked';
  readonly subscription: Subscription;
}

export interface Matching {
  /**
   * One answer for each subscription that is sent to, the active and the paused, whose deliveries wait parked; each made while it is
   * asked for. The same subscriptions in the same order answer the same, whenever and wherever they are asked.
   */
  answersFor(change: Change): Generator<MatchAnswer>;
  /** One error for each of them that is left out because its stored filter does not compile. */
  readonly failures: readonly unknown[];
}

/**
 * Units of work (filter-work.ts) that all filters together may do for a record: 0.5 s, about 1.8 s with fan-out's share of a CPU. So a batch of ten
 * such records, and one such record in each of twelve partitions, is done within fan-out's time. A thousand subscriptions that each make ten comparisons
 * of fifty texts of twenty characters take half of it.
 */
const maxRecordUnits = 50_000_000;
/** And that one filter may: 30 ms, about 0.1 s there, in which nobody else has a turn. Fifty comparisons with 300 date-times each take a little over half of it. */
const maxFilterUnits = 3_000_000;

/**
 * Compiles the subscriptions that are sent to, now or after their pause, once for a batch.
 *
 * A filter is checked before it is stored, so one that does not compile is a bug or an item written by hand. Its subscription is
 * left out, and every invocation says so at error level until it is repaired. The alternatives are worse: stopping would let
 * one subscriber hold up all the others, and sending without the filter would hand an endpoint what it was not meant to see. The
 * changes are not lost with it: the log keeps them for seven days, to be replayed to the repaired subscription.
 */
export function matchingOf(subscriptions: readonly Subscription[]): Matching {
  const failures: unknown[] = [];
  const compiled = subscriptions
    .filter(({ status }) => status === 'active' || status === 'paused')
    .flatMap((subscription) => {
      try {
        return [{ subscription, matches: compileSubscription(subscription) }];
      } catch (cause) {
        // Kept for the log line; why nobody else is stopped by it is argued above.
        const facts = { subscription: subscription.id };
        failures.push(new RelayError('SUBSCRIPTION_STORE_UNAVAILABLE', 'A stored filter does not compile', { facts, cause }));
        return [];
      }
    });
  return { answersFor: (change) => answers(change, compiled), failures };
}

type Compiled = readonly { readonly subscription: Subscription; readonly matches: ReturnType<typeof compileSubscription> }[];

/** Half of the record's work is shared out to the filters evenly, so that slow ones leave the others theirs; the other half is for whoever comes first. */
function* answers(change: Change, compiled: Compiled): Generator<MatchAnswer> {
  let waiting = compiled.filter(({ subscription }) => subscription.filter !== undefined).length;
  const reservedUnits = maxRecordUnits / 2 / waiting;
  let left = maxRecordUnits;
  for (const { subscription, matches } of compiled) {
    if (subscription.filter === undefined) {
      yield { kind: matches(change) ? 'owed' : 'not-owed', subscription };
      continue;
    }
    waiting -= 1;
    const mostUnits = Math.min(maxFilterUnits, left - waiting * reservedUnits);
    const work = { left: mostUnits };
    const isOwed = matches(change, work);
    left -= mostUnits - Math.max(work.left, 0);
    yield { kind: work.left < 0 ? 'unasked' : isOwed ? 'owed' : 'not-owed', subscription };
  }
}
