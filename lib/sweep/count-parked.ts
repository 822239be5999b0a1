import { RelayError } from '../errors.ts';
import type { Subscription } from '../subscriptions/subscription.ts';
import type { DueLane } from '../delivery/lane-store.ts';
import type { GoOver } from './go-over.ts';
import type { SweepParts } from './sweep-parts.ts';

export interface ParkedCount {
  /** Lanes that are parked, due or not; at least, since no more are looked at than are here. */
  readonly parkedLanes: number;
  /** Of those that were looked at. */
  readonly oldestParkedSeconds: number;
}

/** Lanes of a subscription that are looked at: a few hundred kilobytes of its index once a minute. */
const mostLanes = 2_000;

interface Counted extends ParkedCount {
  readonly unreadable: readonly RelayError[];
  readonly removals: readonly DueLane[];
  /** Subscriptions that nobody began to look at, for the time was up. */
  readonly notBegun: number;
  /** All were looked at, and none of the looks failed. */
  readonly isComplete: boolean;
}

/**
 * `unreadable`: an error for each lane that stands in the store and can be released by nobody. `removals`: lanes of active subscriptions that a removal
 * ever was in. A pause is its owner's wish, and ends by itself; what waits for a disabled or deleted one is given up. What a person has sent again is as
 * old as it is, and says nothing about the relay.
 */
export async function countParked(
  { lanes, now }: Pick<SweepParts, 'lanes' | 'now'>,
  { all, goOver, hasTime }: { all: readonly Subscription[]; goOver: GoOver; hasTime: () => boolean },
): Promise<Counted> {
  let begun = 0;
  const counted = await goOver(all, {
    mayBegin: hasTime,
    work: ({ id, status }) => {
      begun += 1;
      return lanes.waiting(id, mostLanes, status === 'active' ? 'with-removals' : 'without-removals');
    },
  });
  const oldestMs = Math.min(...counted.flatMap(({ oldestParkedAt }) => oldestParkedAt?.getTime() ?? []));
  return {
    parkedLanes: counted.reduce((sum, { count }) => sum + count, 0),
    oldestParkedSeconds: Number.isFinite(oldestMs) ? Math.round(Math.max(0, now().getTime() - oldestMs) / 1_000) : 0,
    unreadable: counted.flatMap(({ unreadable }) =>
      unreadable.map((lane) => new RelayError('DELIVERY_STORE_UNAVAILABLE', 'A stored lane cannot be read', { facts: { lane } })),
    ),
    removals: counted.flatMap(({ removals }) => removals.filter(({ queue }) => queue === 'deliveries')),
    notBegun: all.length - begun,
    isComplete: counted.length === all.length,
  };
}
