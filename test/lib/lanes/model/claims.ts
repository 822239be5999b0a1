import { brokenCircuits } from './claims-of-circuits.ts';
import { unfoundedEnds } from './claims-of-ends.ts';
import { tooSoon } from './claims-of-time.ts';
import { overtaking, repeats } from './claims-of-order.ts';
import { staleness } from './claims-of-staleness.ts';
import { nameOf, type Accepted } from './history.ts';
import type { Simulation } from './simulation.ts';

/** What the design promises of delivering, checked on all that happened. Answers what is broken, in words. */
export function brokenClaims(simulation: Simulation, ended: boolean): string[] {
  const accepted = [...simulation.history.accepted.values()];
  return [
    ...(ended ? [] : ['it never comes to an end']),
    ...simulation.history.unexpected.map((text) => `unexpected: ${text}`),
    ...simulation.history.forgotten,
    ...unsettled(simulation, accepted),
    ...accepted.flatMap((one) => unfoundedEnds(simulation, one)),
    ...simulation.history.sent.flatMap((sent) => [
      ...overtaking(simulation, sent),
      ...staleness(simulation, sent),
      ...repeats(simulation, sent),
      ...tooSoon(simulation, sent),
    ]),
    ...brokenCircuits(simulation, accepted),
    ...beyondLimits(simulation),
  ];
}

/** No loss: everything is settled, and nothing waits anywhere. */
function unsettled({ history, observed, queues }: Simulation, accepted: readonly Accepted[]): string[] {
  const lost = accepted.filter(({ message }) => !history.recorded.has(message.delivery)).map(({ message }) => `lost: ${nameOf(message)}`);
  const lanes = [...observed.laneRows.lanes.values()].map(({ group }) => `lane ${group.slice(0, 4)} is parked for ever`);
  const waiting = queues.deliveries.size + queues.replayDeliveries.size;
  return [...lost, ...lanes, ...(waiting === 0 ? [] : [`${waiting} messages are in the queues`])];
}

/** Where nothing went wrong with leases, no more are under way than allowed. */
function beyondLimits({ history, subscriptions }: Simulation): string[] {
  return subscriptions
    .filter(({ id, limits: own }) => (history.busiest.get(id) ?? 0) > (own?.concurrency ?? Infinity))
    .map(({ id }) => `${history.busiest.get(id)} requests to ${id.slice(-1)} at once`);
}
