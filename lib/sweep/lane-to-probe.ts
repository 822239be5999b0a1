import type { DueLane } from '../delivery/lane-store.ts';
import { isProbeDue, removalProbeDueAt } from '../pacing/circuit.ts';
import type { Circuit, Subscription } from '../subscriptions/subscription.ts';
import type { SweepParts } from './sweep-parts.ts';

/** Lanes that come along with those of removals and are not needed: one of each of the index's eight parts, the fewest that can be asked for. */
const fewestLanes = 8;

/** The lane whose head is the next probe. `removal`: beside the schedule of the circuit's probes. */
export interface NextProbe {
  readonly kind: 'by-schedule' | 'removal';
  readonly lane: DueLane;
}

/**
 * The probe of an open circuit that is to be made now, at most one. While a lane with a removal waits there is one each minute: the removal may be what
 * the endpoint takes. Those by schedule are for such a lane every other time, and else for any, lest removals that fail for ever keep the circuit open
 * for all; where one of those meets a removal that was not probed for since, it comes a minute after it. Of each kind it is the lane due longest. A
 * failed probe makes its own lane due now, so they take turns.
 *
 * It costs what `LaneStore.waiting` does, each minute of an open circuit: up to nine megabytes of the index where 20,000 lanes wait, as counting them
 * for the metrics does anyway. Not those due first: a removal that has just come is due after all that waits. Some lanes found have nothing but
 * memories of a removal, which is a probe too many.
 * @throws RelayError DELIVERY_STORE_UNAVAILABLE
 */
export async function nextProbe(
  { lanes, now }: Pick<SweepParts, 'lanes' | 'now'>,
  { id, circuit }: Pick<Subscription, 'id' | 'circuit'>,
  first: DueLane | undefined,
): Promise<NextProbe | undefined> {
  const at = now();
  // Without a lane the probe is left to what comes along.
  if (first === undefined || circuit === undefined) return undefined;
  const bySchedule = isProbeDue(circuit, at);
  if (bySchedule && isTurnOfAny(circuit)) return { kind: 'by-schedule', lane: first };
  if (!bySchedule && removalProbeDueAt(circuit) > at) return undefined;
  const { removals } = await lanes.waiting(id, fewestLanes);
  const [lane] = removals.filter(({ dueAt }) => dueAt <= at).sort((a, b) => a.dueAt.getTime() - b.dueAt.getTime());
  if (lane === undefined) return bySchedule ? { kind: 'by-schedule', lane: first } : undefined;
  return { kind: bySchedule && isForRemovals(circuit) ? 'by-schedule' : 'removal', lane };
}

function isForRemovals({ probes }: Pick<Circuit, 'probes'>): boolean {
  return probes % 2 === 0;
}

function isTurnOfAny(circuit: Circuit): boolean {
  const { probeAt, removalProbedAt } = circuit;
  return !isForRemovals(circuit) && removalProbedAt !== undefined && removalProbedAt >= probeAt;
}
