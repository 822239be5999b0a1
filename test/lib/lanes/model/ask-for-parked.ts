import { redeliver } from '#lib/delivery/redeliver.ts';
import { resumeSubscription } from '#lib/subscriptions/resume-subscription.ts';
import type { SubscriptionId } from '#lib/subscriptions/subscription.ts';
import { nameOf } from './history.ts';
import type { Simulation } from './simulation.ts';

/**
 * A sweep comes each minute, and what limits allow may take some more of them; the waits of the schedule that somebody would ask about are of half an
 * hour and more.
 */
const soonMs = 10 * 60_000;

/** By the API: everything that waits for the subscription is tried at once. */
export async function resume(simulation: Simulation, id: SubscriptionId): Promise<void> {
  const { stores, time, observed } = simulation;
  const outcome = await resumeSubscription(id, { subscriptions: stores.subscriptions, now: time.now });
  if (outcome.kind !== 'moved') return;
  for (const row of observed.deliveries.rows.values())
    if (row.subscription === id && row.status === 'parked') expectSoon(simulation, row.id);
}

/** By the API: one that is parked is tried at once, from the head of its lane; one that is dead is sent again. `which` of them, by its number. */
export async function askFor(simulation: Simulation, which: number): Promise<void> {
  const { stores, time, observed, queues } = simulation;
  const waiting = [...observed.deliveries.rows.values()].filter(({ status }) => status === 'parked' || status === 'dead');
  const id = waiting[which % Math.max(1, waiting.length)]?.id;
  if (id === undefined) return;
  const { store: deliveries, subscriptions, lanes } = stores;
  const outcome = await redeliver(id, { deliveries, subscriptions, lanes, queue: queues.replayDeliveries, now: time.now });
  simulation.tell(`asked for ${id.slice(0, 8)}: ${outcome.kind}`);
  const owner = simulation.history.accepted.get(id)?.message.subscription;
  const subscription = owner === undefined ? undefined : await subscriptions.find(owner);
  const isSentTo = subscription?.status === 'active' && subscription.circuit === undefined;
  if (outcome.kind === 'hastened' && isSentTo) expectSoon(simulation, id);
}

/** That something goes out of its lane, or that it comes to an end: unless anything was ever interrupted, or its subscription is not simply sent to meanwhile. */
function expectSoon({ history, time }: Simulation, delivery: string): void {
  const asked = history.accepted.get(delivery);
  if (asked === undefined) return;
  const { subscription } = asked.message;
  const [askedMs, turns] = [time.nowMs, history.turns.get(subscription)];
  const { sent, recorded, forgotten } = history;
  time.at(askedMs + soonMs, () => {
    if (history.interruptions > 0 || history.turns.get(subscription) !== turns) return;
    const isTried = sent.some((one) => one.atMs >= askedMs && history.accepted.get(one.message.delivery)?.lane === asked.lane);
    if (!isTried && !recorded.has(delivery)) forgotten.push(`${nameOf(asked.message)} was asked for and not tried`);
  });
}
