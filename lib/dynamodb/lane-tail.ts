import type { DeliveryMessage } from '../delivery/delivery.ts';
import type { ParkedLane, ParkRequest } from '../delivery/lane-store.ts';
import { RelayError } from '../errors.ts';
import type { Item } from './delivery-item.ts';
import { laneExpiryOf, laneKeyOf, laneOf, newLaneItem, placeKeyOf, type LaneTable } from './lane-item.ts';
import { addItem, deleteItem, updateItem } from './lane-write.ts';
import { packedMessage } from './packed-message.ts';

const code = 'DELIVERY_STORE_UNAVAILABLE';
/** Rounds of an append. In each one that is lost, another writer moved the tail; more rounds than these are no race any more. */
const maxRounds = 100;
/** Rounds of a parking: between the refusal and the look why, the lane may have been opened. */
const maxLooks = 3;

interface Entry {
  readonly message: DeliveryMessage;
  readonly removal: boolean;
  readonly now: Date;
}

/** @throws RelayError DELIVERY_STORE_UNAVAILABLE */
export async function parkLane(lanes: LaneTable, request: ParkRequest): Promise<ParkedLane | undefined> {
  const { queue, group, subscription, epoch, reason, dueAt, now: parkedAt, removal } = request;
  const lane = { queue, group, subscription, epoch, reason, dueAt, parkedAt, tail: 1, removalAt: removal ? 0 : -1 };
  const first = placeKeyOf(lane, 0);
  // Refused: this same call was made before.
  await addItem(lanes, first, await deliveryItem(first, request));
  for (let look = 0; look < maxLooks; look += 1) {
    const outcome = await addItem(lanes, laneKeyOf(lane), newLaneItem(lane));
    if (outcome.kind === 'written') return lane;
    if (outcome.found === undefined) continue;
    const found = laneOf(outcome.found);
    if (found.epoch === epoch) return found;
    // Nobody will ever read under this epoch; the names in it need not wait for TTL.
    await deleteItem(lanes, first, {});
    return undefined;
  }
  throw new RelayError(code, 'A lane could not be parked although it was open', { facts: { subscription } });
}

/**
 * Writers only ever put a delivery where they saw the tail, and move the tail by one over what is there, whoever put it. What was removed leaves its
 * place taken, so no place below the tail is ever free: a writer that comes late with an old view of the lane cannot put anything where no reader
 * will look again, or ahead of what came before it.
 * @throws RelayError DELIVERY_STORE_UNAVAILABLE
 */
export async function appendToLane(lanes: LaneTable, seen: ParkedLane, entry: Entry): Promise<ParkedLane | undefined> {
  let lane = seen;
  for (let round = 0; round < maxRounds; round += 1) {
    const place = placeKeyOf(lane, lane.tail);
    const outcome = await addItem(lanes, place, await deliveryItem(place, entry));
    // What was in the way is gone by now.
    if (outcome.kind === 'refused' && outcome.found === undefined) continue;
    const taken = outcome.kind === 'written' ? undefined : outcome.found;
    const ours = taken === undefined || (taken['delivery']?.S === entry.message.delivery && taken['message'] !== undefined);
    const removal = taken === undefined ? entry.removal : taken['removal']?.BOOL === true;
    const moved = await moveTail(lanes, lane, { removal, now: entry.now });
    if (moved === undefined) {
      // The epoch is over, and nobody will read what is in it.
      if (ours) await deleteItem(lanes, place, {});
      return undefined;
    }
    if (ours) return moved;
    lane = moved;
  }
  throw new RelayError(code, 'A delivery could not be appended to its lane', { facts: { subscription: seen.subscription } });
}

/** The lane with its tail behind where it was seen: by this write, or by another's that was faster. Undefined when the epoch is over. */
async function moveTail(
  lanes: LaneTable,
  seen: ParkedLane,
  { removal, now }: { removal: boolean; now: Date },
): Promise<ParkedLane | undefined> {
  const outcome = await updateItem(lanes, {
    key: laneKeyOf(seen),
    when: { epoch: { S: seen.epoch }, tail: { N: String(seen.tail) } },
    set: {
      tail: { N: String(seen.tail + 1) },
      ...(removal ? { removalAt: { N: String(seen.tail) } } : {}),
      ...laneExpiryOf(now),
    },
  });
  const item = outcome.kind === 'written' ? outcome.item : outcome.found;
  const lane = item === undefined ? undefined : laneOf(item);
  return lane?.epoch === seen.epoch ? lane : undefined;
}

async function deliveryItem(key: Item, { message, removal, now }: Entry): Promise<Item> {
  return {
    ...key,
    delivery: { S: message.delivery },
    removal: { BOOL: removal },
    message: await packedMessage(message),
    ...laneExpiryOf(now),
  };
}
