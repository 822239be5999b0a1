import type { DeliverParts } from './deliver-parts.ts';
import type { DeliveryId } from '../delivery/delivery.ts';
import { isOwed } from './is-owed.ts';
import { isRemoval } from '../identity/is-removal.ts';
import type { ParkedLane } from '../delivery/lane-store.ts';
import { readableIn } from './readable-lane.ts';
import { yieldBefore, type GotThrough, type InTheWay } from './yield-before.ts';

const pageSize = 10;

export type Settled =
  | {
      readonly kind: 'settled';
      /** Of the last removal that still waits, -1 if none does: behind it nobody has to yield. */
      readonly removalAt: number;
      /** What waited before it has yielded to a delivery that got through. */
      readonly yielded: boolean;
    }
  | InTheWay;

/**
 * A process may have died between what got through and those who had to yield to it: they must not be attempted now. Whatever is sent before its turn
 * bears a mark (`LaneStore.markAhead`); it is looked for from `from` on, up to the last removal, since nothing else overtakes. The clocks of attempts
 * do not tell: a process that is stopped in the midst of one gets through long after it began.
 *
 * The record of each that bears one is looked at, the last first, until one is delivered. A removal that is settled waits no more, also where the lane
 * remembers its position.
 * @throws RelayError DELIVERY_STORE_UNAVAILABLE, SUBSCRIPTION_STORE_UNAVAILABLE
 */
export async function settlePassed(
  parts: DeliverParts,
  lane: ParkedLane,
  { from, ...work }: { from: number } & Pick<GotThrough, 'note' | 'hasTime'>,
): Promise<Settled> {
  let removalAt = -1;
  for (const { position, delivery, ahead, removal } of (await suspectsIn(parts, lane, from)).toReversed()) {
    if (!ahead && removalAt >= 0) continue;
    const record = await parts.store.find(delivery);
    if (removal && removalAt < 0 && isOwed(record)) removalAt = position;
    if (!ahead || record?.status !== 'delivered') continue;
    const inTheWay = await yieldBefore(parts, lane, { position, delivery, from: 0, ...work });
    return inTheWay ?? { kind: 'settled', removalAt, yielded: true };
  }
  return { kind: 'settled', removalAt, yielded: false };
}

interface Suspect {
  readonly position: number;
  readonly delivery: DeliveryId;
  readonly ahead: boolean;
  readonly removal: boolean;
}

/** What was sent before its turn, and the removals. Without their messages, which may be large. */
async function suspectsIn(parts: DeliverParts, lane: ParkedLane, from: number): Promise<Suspect[]> {
  const suspects: Suspect[] = [];
  for (let next = from; next <= lane.removalAt;) {
    const page = await readableIn(parts, lane, { from: next, limit: pageSize });
    for (const { position, message, ahead = false } of page) {
      const removal = isRemoval(message.change);
      if (position <= lane.removalAt && (ahead || removal)) suspects.push({ position, delivery: message.delivery, ahead, removal });
      next = position + 1;
    }
    if (page.length === 0) break;
  }
  return suspects;
}
