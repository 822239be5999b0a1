import type { DueLane } from '../delivery/lane-store.ts';
import { isProbeDue } from '../pacing/circuit.ts';
import type { Subscription } from '../subscriptions/subscription.ts';

/** Lanes that are looked at for a removal: a megabyte of the index, and not more often than there are probes. */
const mostLanes = 2_000;

/** How many lanes are to be looked at for the probe of an open circuit. */
export function lanesForProbe({ circuit }: Pick<Subscription, 'circuit'>, now: Date): number {
  return circuit !== undefined && isProbeDue(circuit, now) ? mostLanes : 1;
}

/**
 * The lane whose head is the probe, of those that are due, longest due first. A failed probe makes its own lane due now, so it is another one each time.
 * The first probe, and every other one after it, is for a lane with a removal: it may be what the endpoint takes, and must not wait for its turn
 * among thousands. The others are for any lane, lest removals that fail for ever keep the circuit open for all.
 */
export function laneToProbe({ circuit }: Pick<Subscription, 'circuit'>, due: readonly DueLane[]): DueLane | undefined {
  const prefersRemoval = (circuit?.probes ?? 0) % 2 === 0;
  return (prefersRemoval ? due.find(({ removalAt }) => removalAt >= 0) : undefined) ?? due[0];
}
