import { defaultConcurrency, type Subscription } from '../subscriptions/subscription.ts';
import type { SweepParts } from './sweep-parts.ts';

/** Lanes for each place in the subscription's concurrency and second: a lane takes about a fifth of a second where the endpoint is well. */
const lanesPerPlaceSecond = 5;
/** The same of an endpoint that answers as late as it may, which is after 15 s. */
const slowestPerPlaceSecond = 1 / 15;
/** Of a subscription that is not sent to any more: its lanes are worked without a request. */
const unwantedLanesPerSecond = 100;
/** What the lane store tells of at a time. */
export const mostLanes = 10_000;
/** No token counts as lost later than this. */
export const longestLostMs = 60 * 60_000;

/** The most lanes that one run may have of a subscription in the queue: as many as a healthy endpoint takes until the next run. */
export function fullRound({ intervalMs }: Pick<SweepParts, 'intervalMs'>, { status, limits }: Bounded): number {
  const places = limits?.concurrency ?? defaultConcurrency;
  return status === 'active'
    ? inARun(intervalMs, lanesPerPlaceSecond * places, limits)
    : inARun(intervalMs, unwantedLanesPerSecond, undefined);
}

/**
 * How many lanes are released in this run: a full round, less those that were released before and are not back. So what lies in the queue of one
 * subscription is bounded however many lanes it has, and drains as fast as its endpoint takes it. A token may be lost with its message, and is waited for
 * up to an hour: lest lost ones keep all others parked, as many go as even the slowest endpoint takes.
 * @throws RelayError DELIVERY_STORE_UNAVAILABLE
 */
export async function releaseBudget(
  { lanes, now, intervalMs }: Pick<SweepParts, 'lanes' | 'now' | 'intervalMs'>,
  subscription: Bounded & Pick<Subscription, 'id'>,
): Promise<number> {
  const full = fullRound({ intervalMs }, subscription);
  const at = now();
  const released = await lanes.released(subscription.id, { after: at, until: new Date(at.getTime() + longestLostMs) }, full);
  const places = subscription.limits?.concurrency ?? defaultConcurrency;
  return Math.max(full - released, Math.min(full, inARun(intervalMs, slowestPerPlaceSecond * places, subscription.limits)));
}

type Bounded = Pick<Subscription, 'status' | 'limits'>;

function inARun(intervalMs: number, perSecond: number, limits: Subscription['limits']): number {
  const limited = Math.min(perSecond, limits?.deliveriesPerSecond ?? perSecond);
  return Math.min(mostLanes, Math.ceil((intervalMs / 1_000) * limited));
}
