import type { DueLane } from '../delivery/lane-store.ts';
import type { Subscription } from '../subscriptions/subscription.ts';
import { hastenedLanes, isHastening } from './hastened-lanes.ts';
import { longestRetryMs } from '../webhooks/retry-schedule.ts';
import { mostLanes } from './release-budget.ts';
import type { SweepParts } from './sweep-parts.ts';

/**
 * Lanes of a subscription that can be released now, those due longest first: those that are due, at most `most`. Of one that is deleted or disabled, all
 * that no token is out for: nothing is sent to it any more, so what waits, with its names and addresses, is not kept for the time of its next attempt.
 * Of one that a person has resumed, what waits since before then is hastened: see hastened-lanes.ts.
 * @throws RelayError DELIVERY_STORE_UNAVAILABLE
 */
export async function lanesToRelease(
  { lanes, now }: Pick<SweepParts, 'lanes' | 'now'>,
  subscription: Pick<Subscription, 'id' | 'status' | 'circuit' | 'resumedAt'>,
  { most, hasTime }: { most: number; hasTime: () => boolean },
): Promise<readonly DueLane[]> {
  const at = now();
  const { id, status } = subscription;
  if (isHastening(subscription, at)) return hastenedLanes({ lanes, now }, subscription, { most, hasTime });
  if (status === 'active' || status === 'paused') return lanes.due(id, at, most);
  // Those with a token out come before those that wait for long, so more are asked for than are released. Should all of these have one, it is lost in an hour.
  const parked = await lanes.due(id, new Date(at.getTime() + longestRetryMs), mostLanes);
  return parked.filter(({ token, dueAt }) => token === undefined || dueAt <= at);
}
