import type { DeliverParts } from './deliver-parts.ts';
import type { Delivery } from './delivery.ts';
import { isRemoval } from './is-removal.ts';
import type { ParkedDelivery, ParkedLane } from './lane-store.ts';
import type { DeliveryOutcome } from './message-outcome.ts';
import { readableIn } from './readable-lane.ts';
import { yieldDelivery } from './work-delivery.ts';

const pageSize = 10;

interface Tried {
  readonly entry: ParkedDelivery;
  /** As in its record. */
  readonly triedAt: string;
}

/**
 * A process may have died between what got through and those who had to yield to it: they must not be attempted now. Looked for up to the last
 * removal, since nothing else overtakes. Who was not tried before it got through was not passed: it is in the lane a second time, as a repeat.
 *
 * Answers the position of the last removal that still waits, -1 if none does: behind it nobody has to yield. One that is settled waits no more, also
 * where the lane remembers its position.
 * @throws RelayError DELIVERY_STORE_UNAVAILABLE
 */
export async function settlePassed(parts: DeliverParts, lane: ParkedLane, note: (outcome: DeliveryOutcome) => void): Promise<number> {
  let before: Tried[] = [];
  let removalAt = -1;
  for (let from = 0; from <= lane.removalAt;) {
    const page = await readableIn(parts, lane, { from, limit: pageSize });
    const entries = page.filter(({ position }) => position <= lane.removalAt);
    for (const entry of entries) {
      const record = await parts.store.find(entry.message.delivery);
      if (isOwed(record) && isRemoval(entry.message)) removalAt = entry.position;
      const triedAt = record?.attempts.at(-1)?.time;
      if (triedAt === undefined) continue;
      if (record?.status !== 'delivered') before.push({ entry, triedAt });
      // A repeat of what was delivered before the lane was parked overtook nobody.
      else if (triedAt >= lane.parkedAt.toISOString()) {
        const passed = before.filter((tried) => tried.triedAt <= triedAt);
        // Whoever works it now will find it waiting, and what is behind it has not been looked at.
        if (!(await yieldAll(parts, passed, note))) return lane.removalAt;
        before = before.filter((tried) => tried.triedAt > triedAt);
      }
    }
    const last = entries.at(-1);
    if (last === undefined) break;
    from = last.position + 1;
  }
  return removalAt;
}

/** What has no record was never heard of. */
function isOwed(record: Delivery | undefined): boolean {
  return record === undefined || record.status === 'pending' || record.status === 'parked';
}

/** False: something is in the way of one of them. */
async function yieldAll(parts: DeliverParts, passed: readonly Tried[], note: (outcome: DeliveryOutcome) => void): Promise<boolean> {
  for (const { entry } of passed) {
    const outcome = await yieldDelivery(parts, entry.message);
    if (outcome.kind === 'waits') return false;
    note(outcome);
  }
  return true;
}
