import type { DeliverParts } from './deliver-parts.ts';
import type { DeliveryId } from '../delivery/delivery.ts';
import type { ParkedLane } from '../delivery/lane-store.ts';
import { readableIn } from './readable-lane.ts';

/** Whether a delivery stands in a parked lane, and can be read there. @throws RelayError DELIVERY_STORE_UNAVAILABLE, QUARANTINE_UNAVAILABLE */
export async function isInLane(parts: DeliverParts, lane: ParkedLane, delivery: DeliveryId): Promise<boolean> {
  for (const position of await parts.lanes.positions(lane, delivery)) {
    // Where it cannot be read, this is the next one that can.
    const [entry] = await readableIn(parts, lane, { from: position, limit: 1 });
    if (entry?.message.delivery === delivery) return true;
  }
  return false;
}
