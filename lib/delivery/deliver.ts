import { deliverMessage } from './deliver-message.ts';
import type { DeliverParts } from './deliver-parts.ts';
import { EarlyRemoval } from './early-removal.ts';
import type { MessageOutcome } from './message-outcome.ts';

/** A message of `deliveries.fifo` as it was received. */
export interface ReceivedMessage {
  readonly messageId: string;
  readonly receiptHandle: string;
  /** Messages of one group are in order, in the batch and in the queue. */
  readonly groupId: string;
  readonly body: string;
}

export interface DeliverReport {
  /** Message ids that are still owed: the queue keeps these, and deletes every other of the batch. */
  readonly failures: readonly string[];
  /** `handedBack`: given back untouched. */
  readonly counts: Readonly<Record<MessageOutcome['kind'] | 'handedBack', number>>;
  /** Why messages wait or died, e.g. `status-503`, `timeout`; each once. */
  readonly reasons: readonly string[];
  /** What our own infrastructure threw, and bugs: to be alarmed about. Each of them held its group up. */
  readonly errors: readonly unknown[];
}

/**
 * Before an attempt this much must be left on top of its timeout: for slow stores around it, each asked twice for a second at most,
 * and for handing back what is behind it.
 */
const reserveMs = 15_000;
/** Wait after a failure of our own. The queue keeps trying for as long as it keeps messages. */
const infrastructureWaitMs = 10_000;
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
  const run = new Run();
  const groups = Map.groupBy(messages, ({ groupId }) => groupId);
  const removal = new EarlyRemoval(parts.removal, parts.patienceMs);
  await Promise.all([...groups.values()].map((group) => workGroup(parts, { group, run, remainingMs, removal })));
  await removal.end();
  return { failures: run.failures, counts: run.counts, reasons: [...run.reasons], errors: run.errors };
}

class Run {
  readonly failures: string[] = [];
  readonly counts = { delivered: 0, duplicate: 0, dead: 0, cancelled: 0, superseded: 0, quarantined: 0, waits: 0, handedBack: 0 };
  readonly reasons = new Set<string>();
  readonly errors: unknown[] = [];

  count(outcome: MessageOutcome): void {
    this.counts[outcome.kind] += 1;
    if ('reason' in outcome) this.reasons.add(outcome.reason);
  }
}

interface GroupWork {
  readonly group: readonly ReceivedMessage[];
  readonly run: Run;
  readonly remainingMs: () => number;
  readonly removal: EarlyRemoval;
}

async function workGroup(parts: DeliverParts, { group, run, remainingMs, removal }: GroupWork): Promise<void> {
  for (const [index, { body, receiptHandle }] of group.entries()) {
    if (remainingMs() < parts.attemptTimeoutMs + reserveMs) {
      run.counts.handedBack += 1;
      return handBack(parts, { messages: group.slice(index), headWaitMs: 0, run });
    }
    const outcome = await deliverMessage(parts, body).catch((error: unknown): MessageOutcome => {
      run.errors.push(error);
      return { kind: 'waits', waitMs: infrastructureWaitMs, reason: 'infrastructure' };
    });
    run.count(outcome);
    // Never 0: a wait that a neighbour's clock has already ended must not become a busy loop through the queue.
    if (outcome.kind === 'waits') return handBack(parts, { messages: group.slice(index), headWaitMs: Math.max(outcome.waitMs, 1), run });
    removal.done(receiptHandle);
  }
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
