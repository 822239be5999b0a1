import type { DeliverParts } from './deliver-parts.ts';
import { isOwed } from './is-owed.ts';
import { isRemoval } from '../identity/is-removal.ts';
import type { ParkedDelivery, ParkedLane } from '../delivery/lane-store.ts';
import { readableIn } from './readable-lane.ts';

const pageSize = 10;

/**
 * Which one of the deliveries in this part of a lane, the last removal that waits at its end, is to be sent ahead of what fails before them: the first
 * that has never been attempted, for nobody yields untried; after that the removals take turns, the one longest untried first, and it is `again`.
 * Undefined: none waits.
 * @throws RelayError DELIVERY_STORE_UNAVAILABLE, QUARANTINE_UNAVAILABLE
 */
export async function nextAhead(
  parts: DeliverParts,
  lane: ParkedLane,
  range: { from: number; to: number },
): Promise<(ParkedDelivery & { readonly again?: true }) | undefined> {
  let longest: { readonly entry: ParkedDelivery; readonly triedAt: string } | undefined;
  const { to } = range;
  for (let { from } = range; from <= to;) {
    const page = (await readableIn(parts, lane, { from, limit: pageSize })).filter(({ position }) => position <= to);
    const records = await Promise.all(page.map(({ message }) => parts.store.find(message.delivery)));
    for (const [index, entry] of page.entries()) {
      const record = records[index];
      if (!isOwed(record)) continue;
      const triedAt = record?.attempts.at(-1)?.time;
      if (triedAt === undefined) return entry;
      if (isRemoval(entry.message.change) && (longest === undefined || triedAt < longest.triedAt)) longest = { entry, triedAt };
    }
    const last = page.at(-1);
    if (last === undefined) break;
    from = last.position + 1;
  }
  return longest === undefined ? undefined : { ...longest.entry, again: true };
}
