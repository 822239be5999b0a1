import type { DeliverParts } from './deliver-parts.ts';
import type { DeliveryId } from '../delivery/delivery.ts';
import type { ParkedLane } from '../delivery/lane-store.ts';
import { readableIn } from './readable-lane.ts';

/** Deliveries that are read at a time. */
const pageSize = 100;

/** Whether a delivery stands in a parked lane; reads the lane up to it. @throws RelayError DELIVERY_STORE_UNAVAILABLE, QUARANTINE_UNAVAILABLE */
export async function isInLane(parts: DeliverParts, lane: ParkedLane, delivery: DeliveryId): Promise<boolean> {
  for (let from = 0; ;) {
    const entries = await readableIn(parts, lane, { from, limit: pageSize });
    if (entries.some(({ message }) => message.delivery === delivery)) return true;
    const last = entries.at(-1);
    if (last === undefined) return false;
    from = last.position + 1;
  }
}
