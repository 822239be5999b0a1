import type { DeliveryMessage } from '#lib/delivery/delivery.ts';
import type { Subscription } from '#lib/subscriptions/subscription.ts';
import { isRemoval, nameOf, type History } from './history.ts';
import type { SharedStores } from './observed-stores.ts';
import type { Script } from './script.ts';
import type { VirtualTime } from './virtual-time.ts';

/** What it takes of a simulation. */
export interface Watched {
  readonly history: History;
  readonly time: VirtualTime;
  readonly observed: { readonly stores: SharedStores };
  readonly sweeps: Script['sweeps'];
  readonly subscriptions: readonly Subscription[];
}

/**
 * A sweep comes each minute, what limits allow may take some more of them, and lanes with removals take turns; the waits of the schedule that somebody
 * would ask about are of a quarter of an hour and more.
 */
const soonMs = 10 * 60_000;

export interface Expected {
  readonly delivery: string;
  /** What goes out: itself, or anything of its lane. */
  readonly of: 'itself' | 'lane';
  /** What is said of it where nothing does. */
  readonly words: string;
}

/**
 * That something goes out by and by, or that it comes to an end: unless something was interrupted before or meanwhile, or whether its subscription is
 * sent to changes.
 */
export function expectSoon({ history, time }: Pick<Watched, 'history' | 'time'>, { delivery, of, words }: Expected): void {
  const asked = history.accepted.get(delivery);
  if (asked === undefined || !history.isCalm(time.nowMs)) return;
  const { subscription } = asked.message;
  const [askedMs, turns] = [time.nowMs, history.turns.get(subscription)];
  const { sent, recorded, forgotten } = history;
  time.at(askedMs + soonMs, () => {
    if (!history.isCalm(time.nowMs) || history.turns.get(subscription) !== turns) return;
    const isTried = sent.some(
      ({ atMs, message }) =>
        atMs >= askedMs && (of === 'itself' ? message.delivery === delivery : history.accepted.get(message.delivery)?.lane === asked.lane),
    );
    if (!isTried && !recorded.has(delivery)) forgotten.push(`${nameOf(asked.message)} ${words}`);
  });
}

/**
 * A removal is tried soon after it came, whatever fails before it. While the circuit is open, its lane is probed soon: which of its deliveries, decision 15
 * says. That takes a sweep in each minute.
 */
export async function expectRemoval(simulation: Watched, message: DeliveryMessage): Promise<void> {
  const { history, observed, sweeps, subscriptions } = simulation;
  const accepted = history.accepted.get(message.delivery);
  const { status, circuit } = (await observed.stores.subscriptions.find(message.subscription)) ?? {};
  const limits = subscriptions.find(({ id }) => id === message.subscription)?.limits;
  // Where an endpoint hangs that may have one request at a time, what waits before it takes longer.
  const isFree = limits?.deliveriesPerSecond === undefined && (limits?.concurrency ?? 10) > 2;
  if (accepted === undefined || !isRemoval(accepted) || status !== 'active' || !isFree) return;
  const { delivery } = message;
  if (circuit === undefined) expectSoon(simulation, { delivery, of: 'itself', words: 'is a removal and was not tried' });
  else if (sweeps === 'each-minute')
    expectSoon(simulation, { delivery, of: 'lane', words: 'is a removal behind an open circuit, and its lane was not probed' });
}
