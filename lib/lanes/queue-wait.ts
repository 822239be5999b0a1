import { longestQueueWaitMs } from './attempt-delivery.ts';
import type { DeliveryOutcome, MessageOutcome } from '../delivery/message-outcome.ts';

/**
 * A delivery for which its subscription has no room comes back a few times first: a burst is over in seconds, and a parked lane waits for `sweep`. A
 * backlog does not, and must not fill the part of the queue in which SQS looks for free groups.
 */
export const limitedReceives = 5;

/** The wait to spend in the queue; undefined: the lane is to be parked. */
export function queueWaitOf(
  outcome: Exclude<DeliveryOutcome, { kind: 'waits' }>,
  { receiveCount, now }: { receiveCount: number; now: Date },
): MessageOutcome | undefined {
  if (outcome.kind === 'limited' && receiveCount < limitedReceives) return { kind: 'waits', waitMs: outcome.retryMs, reason: 'limit' };
  if (outcome.kind !== 'failing') return undefined;
  const waitMs = Math.max(outcome.dueAt.getTime() - now.getTime(), 1);
  return waitMs <= longestQueueWaitMs ? { kind: 'waits', waitMs, reason: outcome.because } : undefined;
}
