import { dueWhenHastened } from '../delivery/due-when-hastened.ts';
import type { DueLane } from '../delivery/lane-store.ts';
import type { Subscription } from '../subscriptions/subscription.ts';
import { longestRetryMs } from '../webhooks/retry-schedule.ts';
import { mostLanes } from './release-budget.ts';
import type { SweepParts } from './sweep-parts.ts';

/** A resumption is seen to for so long: longer than sweep is ever away, and than the most lanes need that a subscription can have. */
const seenToMs = 24 * 60 * 60_000;
/** An attempt that was under way at the resumption may have its lane parked after it: it is answered within 15 s, and its lane is parked then. */
const stillParkingMs = 60_000;
const writesAtATime = 10;

/** Whether what waits for a subscription since before it was resumed is to be hastened. */
export function isHastening({ status, circuit, resumedAt }: Resumed, now: Date): boolean {
  if (status !== 'active' || circuit !== undefined || resumedAt === undefined) return false;
  return now.getTime() - Date.parse(resumedAt) < seenToMs;
}

/**
 * Lanes of a resumed subscription that can be released now, those first that a removal ever was in, then those due longest. Of what was parked before the
 * resumption, at most `most` are hastened by each run: each lane once, so what fails after it waits for its time. It counts as due since it was parked, so
 * what there is no room for in this run comes first in the next, in the order of parking. Where a run is cut off, the next one goes on with those that are left.
 * @throws RelayError DELIVERY_STORE_UNAVAILABLE
 */
export async function hastenedLanes(
  { lanes, now }: Pick<SweepParts, 'lanes' | 'now'>,
  { id, resumedAt }: Pick<Subscription, 'id' | 'resumedAt'>,
  { most, hasTime }: { most: number; hasTime: () => boolean },
): Promise<readonly DueLane[]> {
  const at = now();
  // A token that is out counts as lost within the hour.
  const parked = await lanes.due(id, new Date(at.getTime() + longestRetryMs), mostLanes);
  const wish = new Date(resumedAt ?? 0);
  const waiting = removalsFirst(parked)
    .filter((lane) => isBefore(lane, wish))
    .slice(0, most);
  const hastened = new Map<DueLane, DueLane>();
  for (let from = 0; from < waiting.length && hasTime(); from += writesAtATime) {
    const some = waiting.slice(from, from + writesAtATime);
    const isDone = await Promise.all(some.map((lane) => lanes.hasten(lane, wish)));
    for (const [index, lane] of some.entries()) {
      const dueAt = lane.token === undefined ? dueWhenHastened(lane, wish) : lane.dueAt;
      if (isDone[index] === true) hastened.set(lane, { ...lane, dueAt, hastenedAt: wish });
    }
  }
  const due = parked.map((lane) => hastened.get(lane) ?? lane).filter(({ dueAt }) => dueAt <= at);
  return removalsFirst(due.toSorted((a, b) => a.dueAt.getTime() - b.dueAt.getTime()));
}

type Resumed = Pick<Subscription, 'status' | 'circuit' | 'resumedAt'>;

function isBefore({ parkedAt, hastenedAt }: DueLane, wish: Date): boolean {
  return parkedAt.getTime() <= wish.getTime() + stillParkingMs && (hastenedAt === undefined || hastenedAt < wish);
}

function removalsFirst(lanes: readonly DueLane[]): readonly DueLane[] {
  return [...lanes.filter(({ removalAt }) => removalAt >= 0), ...lanes.filter(({ removalAt }) => removalAt < 0)];
}
