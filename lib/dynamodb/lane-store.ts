import type { LaneStore } from '../delivery/lane-store.ts';
import { anyLane, dueLanes, releasedLanes, waitingLanes } from './lane-due.ts';
import { laneKeyOf, laneOf, type LaneTable } from './lane-item.ts';
import { markAheadInLane, positionsInLane, readLane, removalSinceInLane, removeFromLane } from './lane-read.ts';
import { appendToLane, parkLane } from './lane-tail.ts';
import { hastenLane, issueToken, releaseLane, reopenLane, seizeLane, takeLane } from './lane-token.ts';
import { readItem } from './lane-write.ts';

/** Parked lanes in one DynamoDB table (lib/dynamodb/tables.ts), with conditional writes of single items only. */
export function dynamodbLaneStore(options: LaneTable): LaneStore {
  return {
    async find(lane) {
      const item = await readItem(options, laneKeyOf(lane));
      return item === undefined ? undefined : laneOf(item);
    },
    park: (request) => parkLane(options, request),
    append: (lane, delivery) => appendToLane(options, lane, delivery),
    read: (lane, from, limit) => readLane(options, lane, { from, limit }),
    positions: (lane, delivery) => positionsInLane(options, lane, delivery),
    markAhead: (lane, position) => markAheadInLane(options, lane, position),
    remove: (lane, position) => removeFromLane(options, lane, position),
    issue: (seen, release) => issueToken(options, seen, release),
    take: (lane, release) => takeLane(options, lane, release),
    seize: (lane, release) => seizeLane(options, lane, release),
    release: (lane, waiting) => releaseLane(options, lane, waiting),
    hasten: (seen, at) => hastenLane(options, seen, at),
    reopen: (lane) => reopenLane(options, lane),
    due: (subscription, by, limit) => dueLanes(options, subscription, { by, limit }),
    released: (subscription, lost, most) => releasedLanes(options, subscription, { ...lost, most }),
    any: (subscription) => anyLane(options, subscription),
    waiting: (subscription, most, looking = 'with-removals') => waitingLanes(options, subscription, { most, looking }),
    removalSince: (lane) => removalSinceInLane(options, lane),
  };
}
