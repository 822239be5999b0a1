import { RelayError } from '../errors.ts';
import type { Change } from '../identity/change.ts';
import { compileSubscription } from '../subscriptions/matches.ts';
import type { Subscription } from '../subscriptions/subscription.ts';

export interface Matching {
  /** The subscriptions that the change is owed to: the active, and the paused, whose deliveries wait parked. */
  owedTo(change: Change): Subscription[];
  /** One error for each of them that is left out because its stored filter does not compile. */
  readonly failures: readonly unknown[];
}

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
  return {
    owedTo: (change) => compiled.filter(({ matches }) => matches(change)).map(({ subscription }) => subscription),
    failures,
  };
}
