import type { DeliverParts } from './deliver-parts.ts';
import type { DeliveryId } from '../delivery/delivery.ts';
import type { ParkedLane } from '../delivery/lane-store.ts';
import type { DeliveryOutcome } from '../delivery/message-outcome.ts';
import { readableIn } from './readable-lane.ts';
import { yieldDelivery } from './work-delivery.ts';

const pageSize = 10;

/** Something is being sent right now that has to yield, or time is up: to be gone on with then, where it was left. */
export type InTheWay = Extract<DeliveryOutcome, { kind: 'waits' }>;

export interface GotThrough {
  readonly position: number;
  readonly delivery: DeliveryId;
  /** Nothing waits before this position. */
  readonly from: number;
  readonly note: (outcome: DeliveryOutcome) => void;
  /** As `LaneWork.hasTime`. */
  readonly hasTime: () => boolean;
}

/**
 * Dead-letters what waits in a lane before a delivery that got through, and takes it out. It may be done again where a process died, for what got through
 * leaves the lane after it. A repeat is as far ahead as its first place says.
 * @throws RelayError DELIVERY_STORE_UNAVAILABLE, SUBSCRIPTION_STORE_UNAVAILABLE
 */
export async function yieldBefore(parts: DeliverParts, lane: ParkedLane, through: GotThrough): Promise<InTheWay | undefined> {
  for (let { from } = through; from < through.position;) {
    const page = await readableIn(parts, lane, { from, limit: pageSize });
    for (const { position, message } of page) {
      if (position >= through.position || message.delivery === through.delivery) return undefined;
      if (!through.hasTime()) return { kind: 'waits', waitMs: 0, reason: 'out-of-time' };
      const outcome = await yieldDelivery(parts, message);
      through.note(outcome);
      if (outcome.kind === 'waits') return outcome;
      await parts.lanes.remove(lane, position);
      from = position + 1;
    }
    if (page.length === 0) return undefined;
  }
  return undefined;
}
