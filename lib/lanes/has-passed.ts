import type { DeliverParts } from './deliver-parts.ts';
import type { ParkedLane } from '../delivery/lane-store.ts';
import type { DeliveryOutcome } from '../delivery/message-outcome.ts';

/**
 * Whether what fails has to yield to what stands behind it. A duplicate got through before: what was delivered before this lane was parked says nothing
 * about those who failed since, but another process may have sent it ahead of them while this one was at them.
 * @throws RelayError DELIVERY_STORE_UNAVAILABLE
 */
export async function hasPassed(
  { lanes }: Pick<DeliverParts, 'lanes'>,
  lane: ParkedLane,
  { position, outcome }: { position: number; outcome: DeliveryOutcome },
): Promise<boolean> {
  if (outcome.kind !== 'duplicate' || outcome.status !== 'delivered') return outcome.kind === 'delivered';
  const [place] = await lanes.read(lane, position, 1);
  return place?.position === position && 'message' in place && place.ahead === true;
}
