import type { DueLane } from '../delivery/lane-store.ts';
import type { Subscription } from '../subscriptions/subscription.ts';
import { longestRetryMs } from '../webhooks/retry-schedule.ts';
import { mostLanes } from './release-budget.ts';
import type { SweepParts } from './sweep-parts.ts';

/**
 * Lanes of a subscription that can be released now, those due longest first: those that are due, at most `most`. Of one that is deleted or disabled, all
 * that no token is out for: nothing is sent to it any more, so what waits, with its names and addresses, is not kept for the time of its next attempt.
 * @throws RelayError DELIVERY_STORE_UNAVAILABLE
 */
export async function lanesToRelease(
  { lanes, now }: Pick<SweepParts, 'lanes' | 'now'>,
  { id, status }: Pick<Subscription, 'id' | 'status'>,
  most: number,
): Promise<readonly DueLane[]> {
  const at = now();
  if (status === 'active' || status === 'paused') return lanes.due(id, at, most);
  // Those with a token out come before those that wait for long, so more are asked for than are released. Should all of these have one, it is lost in an hour.
  const parked = await lanes.due(id, new Date(at.getTime() + longestRetryMs), mostLanes);
  return parked.filter(({ token, dueAt }) => token === undefined || dueAt <= at);
}
