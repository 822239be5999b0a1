import { redeliver } from '#lib/delivery/redeliver.ts';
import { resumeSubscription } from '#lib/subscriptions/resume-subscription.ts';
import type { SubscriptionId } from '#lib/subscriptions/subscription.ts';
import { expectSoon, type Expected } from './expect-soon.ts';
import type { Simulation } from './simulation.ts';

/** By the API: everything that waits for the subscription is tried at once. */
export async function resume(simulation: Simulation, id: SubscriptionId): Promise<void> {
  const { stores, time, observed } = simulation;
  const outcome = await resumeSubscription(id, { subscriptions: stores.subscriptions, now: time.now });
  if (outcome.kind !== 'moved') return;
  simulation.history.askedAtMs.set(id, time.nowMs);
  for (const row of observed.deliveries.rows.values())
    if (row.subscription === id && row.status === 'parked') expectSoon(simulation, asked(row.id));
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
  if (outcome.kind === 'hastened' && owner !== undefined) simulation.history.askedAtMs.set(owner, time.nowMs);
  const subscription = owner === undefined ? undefined : await subscriptions.find(owner);
  const isSentTo = subscription?.status === 'active' && subscription.circuit === undefined;
  if (outcome.kind === 'hastened' && isSentTo) expectSoon(simulation, asked(id));
}

function asked(delivery: string): Expected {
  return { delivery, of: 'lane', words: 'was asked for and not tried' };
}
