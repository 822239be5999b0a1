import type { DeliverParts } from './deliver-parts.ts';
import type { ParkedDelivery, ParkedLane, UnreadablePlace } from '../delivery/lane-store.ts';
import { readDeliveryMessage } from '../delivery/read-delivery-message.ts';

/**
 * As `LaneStore.read`, but what cannot be read goes to the quarantine first and out of the lane then, and is passed over: what waits behind it is still
 * owed. Who reads needs no token for that, since nobody can do anything else with it, and doing it twice keeps one entry.
 * @throws RelayError DELIVERY_STORE_UNAVAILABLE, QUARANTINE_UNAVAILABLE
 */
export async function readableIn(
  parts: Pick<DeliverParts, 'lanes' | 'quarantine' | 'metrics' | 'now'>,
  lane: ParkedLane,
  { from, limit }: { from: number; limit: number },
): Promise<readonly ParkedDelivery[]> {
  for (let next = from; ;) {
    const places = await parts.lanes.read(lane, next, limit);
    const readable: ParkedDelivery[] = [];
    for (const place of places) {
      if ('message' in place) readable.push(place);
      else readable.push(...(await quarantined(parts, lane, place)));
    }
    const last = places.at(-1);
    if (readable.length > 0 || last === undefined) return readable;
    // An empty answer says that the lane has nothing more: so one page of these must not be one.
    next = last.position + 1;
  }
}

async function quarantined(
  parts: Pick<DeliverParts, 'lanes' | 'quarantine' | 'metrics' | 'now'>,
  lane: ParkedLane,
  { position, unreadable }: UnreadablePlace,
): Promise<readonly ParkedDelivery[]> {
  const read = readDeliveryMessage(Buffer.from(unreadable).toString('utf8'), parts.now());
  // The store could not read it, and the queue's reader is no less strict; were it ever, there is nothing to keep aside.
  if (read.kind === 'readable') return [{ position, message: read.message }];
  const detail = `It stood in a parked lane of ${lane.subscription}. ${read.entry.detail}`;
  await parts.quarantine.keep({ ...read.entry, detail, body: unreadable });
  await parts.lanes.remove(lane, position);
  parts.metrics.count('Quarantined');
  return [];
}
