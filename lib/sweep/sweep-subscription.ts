import type { Subscription } from '../subscriptions/subscription.ts';
import type { QueuedRelease } from '../delivery/delivery-queue.ts';
import type { DueLane, LaneQueue } from '../delivery/lane-store.ts';
import { operatorDeliveries } from '../delivery/operator-events.ts';
import { lanesToRelease } from './lanes-to-release.ts';
import { fullRound, longestLostMs, releaseBudget } from './release-budget.ts';
import { nextProbe } from './lane-to-probe.ts';
import type { ReleaseMessage } from '../delivery/release-message.ts';
import type { SweepParts } from './sweep-parts.ts';
import { releaseLostMs } from '../lanes/work-lane.ts';

export interface Swept {
  readonly released: number;
  readonly probes: number;
  /** Operator events that were put on the queue. */
  readonly events: number;
  readonly openCircuits: number;
  /** Lanes that were due, or need not wait any more, as far as they were looked at. */
  readonly dueLanes: number;
}

export interface SweepWork {
  readonly subscription: Subscription;
  readonly all: readonly Subscription[];
  readonly hasTime: () => boolean;
}

/** What fan-out and the queues have in hand for a subscription may still park for so long after it was deleted. */
const purgeAfterMs = 60 * 60_000;
/** Tokens that are given out at a time. */
const issuesAtATime = 10;

/** @throws RelayError of the stores and queues; what was done stays done, and the rest is done by the next sweep */
export async function sweepSubscription(parts: SweepParts, work: SweepWork): Promise<Swept> {
  const events = await sendEvents(parts, work);
  const subscription = await settled(parts, work.subscription);
  const isOpen = subscription.status === 'active' && subscription.circuit !== undefined;
  const most = subscription.status === 'paused' || isOpen ? 1 : fullRound(parts, subscription);
  const due = await lanesToRelease(parts, subscription, { most, hasTime: work.hasTime });
  const seen = { events, released: 0, probes: 0, dueLanes: due.length, openCircuits: isOpen ? 1 : 0 };
  if (subscription.status === 'paused') return seen;
  if (isOpen) return { ...seen, probes: await probe(parts, subscription, due[0]) };
  if (due.length > 0) {
    const first = due.slice(0, await releaseBudget(parts, subscription));
    return { ...seen, released: await release(parts, subscription, { due: first, probe: false, hasTime: work.hasTime }) };
  }
  if (subscription.status === 'deleted') await purge(parts, subscription);
  return seen;
}

/** A pause that is over ends, and a circuit that was open for too long disables: the subscription as it is then. */
async function settled(parts: SweepParts, subscription: Subscription): Promise<Subscription> {
  const { id, status, pausedUntil } = subscription;
  const at = parts.now();
  if (status === 'paused' && pausedUntil !== undefined && Date.parse(pausedUntil) <= at.getTime()) {
    const resumed = await parts.subscriptions.setStatus(id, { status: 'active', from: ['paused'], at });
    return resumed ? { ...subscription, status: 'active', circuit: undefined } : subscription;
  }
  return (await parts.circuits.giveUp(subscription, at)) ? { ...subscription, status: 'disabled' } : subscription;
}

/** One lane, its first delivery sent in spite of the circuit. */
async function probe(parts: SweepParts, subscription: Subscription, first: DueLane | undefined): Promise<number> {
  const next = await nextProbe(parts, subscription, first);
  if (next === undefined) return 0;
  const { circuits } = parts;
  const at = parts.now();
  const admission = await (next.kind === 'removal' ? circuits.admitRemoval(subscription, at) : circuits.admit(subscription, at));
  return admission.kind === 'probe' ? release(parts, subscription, { due: [next.lane], probe: true, hasTime: () => true }) : 0;
}

async function release(
  parts: SweepParts,
  { id }: Pick<Subscription, 'id'>,
  { due, probe, hasTime }: { due: readonly DueLane[]; probe: boolean; hasTime: () => boolean },
): Promise<number> {
  let released = 0;
  for (let from = 0; from < due.length && hasTime(); from += issuesAtATime) {
    const issues = await Promise.allSettled(due.slice(from, from + issuesAtATime).map((lane) => issue(parts, lane)));
    // What was given out is sent also where the store failed another one.
    const tokens = issues.flatMap((one) => (one.status === 'fulfilled' ? (one.value ?? []) : []));
    const byQueue = [...Map.groupBy(tokens, ({ lane }) => lane.queue)];
    const sends = await Promise.allSettled(byQueue.map(([queue, of]) => send(parts, { queue, of, release: { subscription: id, probe } })));
    for (const one of [...issues, ...sends]) if (one.status === 'rejected') throw one.reason;
    for (const one of sends) released += one.status === 'fulfilled' ? one.value : 0;
  }
  return released;
}

interface Issued {
  readonly lane: DueLane;
  readonly token: string;
}

/** Answers how many were sent. The tokens of the others are given back, lest their lanes wait until they count as lost. */
async function send(
  parts: SweepParts,
  { queue, of, release }: { queue: LaneQueue; of: readonly Issued[]; release: Pick<ReleaseMessage['release'], 'subscription' | 'probe'> },
): Promise<number> {
  let unsent = of;
  try {
    const { notSent, refused } = await parts.queues[queue].send(of.map(({ lane, token }) => queued(lane, { token, ...release })));
    const left = new Set([...notSent, ...refused.map(({ index }) => index)]);
    unsent = of.filter((_, index) => left.has(index));
  } finally {
    // A token that is not given back counts as lost in its time; what is to be told is why it was not sent.
    await Promise.allSettled(unsent.map((one) => giveBack(parts, one)));
  }
  return of.length - unsent.length;
}

/** Where it was sent after all, its release is stale, and the next sweep sends another. */
function giveBack(parts: SweepParts, { lane, token }: Issued): Promise<boolean> {
  return parts.lanes.release({ ...lane, token }, { dueAt: parts.now(), reason: lane.reason });
}

/**
 * A token that was given out long ago for an old lane may still be under way behind a backlog: the longer the lane is parked, the longer it is
 * waited for, up to an hour, lest each new token make the one before it stale for ever.
 */
async function issue(parts: SweepParts, lane: DueLane): Promise<Issued | undefined> {
  const token = parts.newToken();
  const nowMs = parts.now().getTime();
  const lostMs = Math.min(longestLostMs, Math.max(releaseLostMs, (nowMs - lane.parkedAt.getTime()) / 2));
  return (await parts.lanes.issue(lane, { token, lostAt: new Date(nowMs + lostMs) })) ? { lane, token } : undefined;
}

function queued({ group }: { group: string; queue: LaneQueue }, { token, subscription, probe }: ReleaseMessage['release']): QueuedRelease {
  return { groupId: group, deduplicationId: token, message: { v: 1, release: { token, subscription, probe } } };
}

/** Sent first and taken away after: a crash in between sends an event again, under the same id. */
async function sendEvents(parts: SweepParts, { subscription, all }: SweepWork): Promise<number> {
  const events = subscription.operatorEvents ?? [];
  if (events.length === 0) return 0;
  const deliveries = events.flatMap((event) => operatorDeliveries(event, subscription, all));
  if (deliveries.length > 0) {
    const { notSent } = await parts.queues.deliveries.send(deliveries);
    if (notSent.length > 0) return 0;
  }
  await parts.subscriptions.told(subscription.id, events);
  return deliveries.length;
}

async function purge(parts: SweepParts, { id, updatedAt }: Subscription): Promise<void> {
  const isOld = parts.now().getTime() - Date.parse(updatedAt) > purgeAfterMs;
  if (isOld && !(await parts.lanes.any(id))) await parts.subscriptions.purge(id);
}
