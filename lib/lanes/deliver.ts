import type { SubscriptionId } from '../subscriptions/subscription.ts';
import type { DeliverParts } from './deliver-parts.ts';
import { EarlyRemoval } from './early-removal.ts';
import type { DeliveryOutcome, MessageOutcome } from '../delivery/message-outcome.ts';
import { GroupWork, type QueuedMessage } from './work-group.ts';

/** A message of a delivery queue as it was received. */
export interface ReceivedMessage extends QueuedMessage {
  readonly messageId: string;
  readonly receiptHandle: string;
  /** Messages of one group are in order, in the batch and in the queue. */
  readonly groupId: string;
}

export interface DeliverReport {
  /** Message ids that are still owed: the queue keeps these, and deletes every other of the batch. */
  readonly failures: readonly string[];
  readonly counts: DeliverCounts;
  /** Why messages wait, were parked or died, e.g. `status-503`, `timeout`; each once. */
  readonly reasons: readonly string[];
  /** What our own infrastructure threw, and bugs: to be alarmed about. Each of them held its group up. */
  readonly errors: readonly unknown[];
}

/** Deliveries, but for the last four, which are messages. `failing`: attempts that failed and will be repeated. `handedBack`: given back untouched. */
export type DeliverCounts = Record<
  'delivered' | 'duplicate' | 'dead' | 'cancelled' | 'superseded' | 'failing' | 'quarantined' | 'parked' | 'waits' | 'handedBack',
  number
>;

/**
 * Before an attempt this much must be left on top of its timeout: for slow stores around it, each asked twice for a second at most,
 * and for handing back what is behind it.
 */
export const reserveMs = 15_000;
/**
 * The longest wait of a message for which its subscription has no room. A slow endpoint's lanes may be many: if all of them came back each second,
 * they would be most of what the queue hands out.
 */
const longestLimitWaitMs = 15_000;
/** SQS's limit for one wait. When a message comes back before its time, the delivery's record says so and the wait goes on. */
const longestVisibilitySeconds = 43_200;

/**
 * Works a batch. Groups run side by side; in a group one message after the other, and when one must wait, so does what is
 * behind it. Every message is either final or in `failures`. Never throws.
 * `remainingMs`: what is left of the invocation.
 */
export async function deliver(
  parts: DeliverParts,
  messages: readonly ReceivedMessage[],
  remainingMs: () => number,
): Promise<DeliverReport> {
  const run = new Run(parts.metrics, () => remainingMs() >= parts.attemptTimeoutMs + reserveMs);
  const groups = Map.groupBy(messages, ({ groupId }) => groupId);
  const removal = new EarlyRemoval(parts.removal, parts.patienceMs);
  await Promise.all([...groups].map(([groupId, group]) => workGroup(parts, { groupId, group, run, removal })));
  await removal.end();
  return { failures: run.failures, counts: run.counts, reasons: [...run.reasons], errors: run.errors };
}

class Run {
  readonly failures: string[] = [];
  readonly counts: DeliverCounts = {
    delivered: 0,
    duplicate: 0,
    dead: 0,
    cancelled: 0,
    superseded: 0,
    failing: 0,
    quarantined: 0,
    parked: 0,
    waits: 0,
    handedBack: 0,
  };
  readonly reasons = new Set<string>();
  readonly errors: unknown[] = [];
  readonly hasTime: () => boolean;
  readonly #metrics: DeliverParts['metrics'];

  constructor(metrics: DeliverParts['metrics'], hasTime: () => boolean) {
    this.#metrics = metrics;
    this.hasTime = hasTime;
  }

  /** Of deliveries, in the queue or in a parked lane. */
  readonly note = (outcome: DeliveryOutcome, subscription: SubscriptionId): void => {
    const { kind } = outcome;
    if (kind === 'failing' || kind === 'dead') this.reasons.add(outcome.because);
    // Looked at before its time: nothing was attempted, so nothing failed.
    if (kind === 'failing' && outcome.because === 'not-yet') return;
    if (kind !== 'held' && kind !== 'limited' && kind !== 'waits') this.counts[kind] += 1;
    const metric = metricOf[kind];
    if (metric !== undefined) this.#metrics.count(metric, 1, { Subscription: subscription });
  };

  /** Of messages. */
  count(outcome: MessageOutcome): void {
    if (outcome.kind === 'waits' || outcome.kind === 'parked' || outcome.kind === 'quarantined') this.counts[outcome.kind] += 1;
    if (outcome.kind === 'waits' || outcome.kind === 'parked') this.reasons.add(outcome.reason);
    if (outcome.kind === 'parked') this.#metrics.count('Parked');
    if (outcome.kind === 'quarantined') this.#metrics.count('Quarantined');
  }
}

/** What an outcome counts as; what was held or waits is no news. */
const metricOf: Partial<Record<DeliveryOutcome['kind'], Parameters<DeliverParts['metrics']['count']>[0]>> = {
  delivered: 'Delivered',
  failing: 'Failed',
  superseded: 'Superseded',
  dead: 'Dead',
  duplicate: 'Duplicates',
};

interface Group {
  readonly groupId: string;
  readonly group: readonly ReceivedMessage[];
  readonly run: Run;
  readonly removal: EarlyRemoval;
}

async function workGroup(parts: DeliverParts, { groupId, group, run, removal }: Group): Promise<void> {
  const work = new GroupWork(parts, groupId, run);
  for (const [index, message] of group.entries()) {
    if (!run.hasTime()) {
      run.counts.handedBack += 1;
      return handBack(parts, { messages: group.slice(index), headWaitMs: 0, run });
    }
    const outcome = await work.message(message).catch((error: unknown): MessageOutcome => {
      run.errors.push(error);
      return { kind: 'waits', waitMs: infrastructureWaitMs(message.receiveCount), reason: 'infrastructure' };
    });
    run.count(outcome);
    if (outcome.kind === 'waits') return handBack(parts, { messages: group.slice(index), headWaitMs: headWaitMs(outcome, message), run });
    removal.done(message.receiptHandle);
  }
}

/**
 * The more often there was no room for a message at all, the longer its wait. Never 0: a wait that a neighbour's clock has already ended must not
 * become a busy loop through the queue.
 */
function headWaitMs({ waitMs, reason }: Extract<MessageOutcome, { kind: 'waits' }>, { receiveCount }: ReceivedMessage): number {
  const growingMs = reason === 'limit' ? Math.min(longestLimitWaitMs, 1_000 * 2 ** Math.min(receiveCount - 1, 10)) : 1;
  return Math.max(waitMs, growingMs);
}

/**
 * Wait after a failure of our own, in milliseconds: 10 s for the first five minutes or so, growing to five minutes for a long outage. The queue keeps
 * trying for as long as it keeps messages; with its limit of 1,000 receives that is more than three days.
 */
export function infrastructureWaitMs(receiveCount: number): number {
  const [firstMs, longestMs, patientReceives] = [10_000, 300_000, 30];
  const doublings = Math.max(0, (receiveCount - patientReceives) / 4);
  return Math.min(longestMs, firstMs * 2 ** Math.min(doublings, 10));
}

/**
 * Gives the head its wait and what is behind it back at once, the last one first and the head at the end: SQS hands out
 * nothing of a group while one of its messages is in flight, and here one always is until everything behind it is back.
 * When the queue cannot be reached, what is left comes back by the queue's own visibility timeout: later, in the same order.
 */
async function handBack(
  parts: DeliverParts,
  { messages, headWaitMs, run }: { messages: readonly ReceivedMessage[]; headWaitMs: number; run: Run },
): Promise<void> {
  run.failures.push(...messages.map(({ messageId }) => messageId));
  run.counts.handedBack += messages.length - 1;
  const headSeconds = Math.min(Math.max(0, Math.ceil(headWaitMs / 1000)), longestVisibilitySeconds);
  try {
    for (const [fromEnd, { receiptHandle }] of messages.toReversed().entries()) {
      await parts.visibility.change(receiptHandle, fromEnd === messages.length - 1 ? headSeconds : 0);
    }
  } catch (error) {
    // Not a reason to lose the batch's report: the messages are reported as owed, and the error is alarmed.
    run.errors.push(error);
  }
}
