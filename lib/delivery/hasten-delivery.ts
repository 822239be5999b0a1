import type { Subscription } from '../subscriptions/subscription.ts';
import type { Delivery } from './delivery.ts';
import { groupOf } from './lane.ts';
import type { LaneKey, LaneStore } from './lane-store.ts';

/** How often its lane may move between our look and our write: each time somebody else has just worked it, or hastened it. */
const mostLooks = 5;

export interface HastenParts {
  readonly lanes: Pick<LaneStore, 'find' | 'hasten'>;
  readonly now: () => Date;
}

/** `busy`: it is not in a lane at this moment, or is always being worked: it can be asked for again. `lane-unknown`: its record is of before lanes were kept in it. */
export type Hastened = 'hastened' | 'busy' | 'lane-unknown';

/**
 * Has the lane of a parked delivery worked at once, from its head, whatever its schedule says; `sweep` releases it, in its turn by when it was parked.
 * @throws RelayError DELIVERY_STORE_UNAVAILABLE; the lane may be hastened then
 */
export async function hastenDelivery(
  delivery: Delivery,
  { ordering }: Pick<Subscription, 'ordering'>,
  { lanes, now }: HastenParts,
): Promise<Hastened> {
  const key = laneOf(delivery, ordering);
  if (key === undefined) return 'lane-unknown';
  const at = now();
  for (let looks = 0; looks < mostLooks; looks += 1) {
    const lane = await lanes.find(key);
    if (lane === undefined) return 'busy';
    // Asked for by another since: what he was told holds for this one as well.
    if (lane.hastenedAt !== undefined && lane.hastenedAt >= at) return 'hastened';
    if (await lanes.hasten(lane, at)) return 'hastened';
  }
  return 'busy';
}

function laneOf({ id, subscription, org, replay, group }: Delivery, ordering: Subscription['ordering']): LaneKey | undefined {
  const own = groupOf({ subscription, org, delivery: id }, { orderingKey: '', ordering: 'none' });
  const inQueue = ordering === 'none' ? own : group;
  return inQueue === undefined ? undefined : { queue: replay === undefined ? 'deliveries' : 'replayDeliveries', group: inQueue };
}
