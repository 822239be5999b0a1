import type { LogRecord, ResumePoints } from '../intake/change-log.ts';
import type { Quarantine } from '../quarantine/quarantine.ts';
import type { Subscription } from '../subscriptions/subscription.ts';
import type { DeliveryQueue } from '../delivery/delivery-queue.ts';
import { matchingOf } from './matching.ts';
import { fanOutPartition } from './partition.ts';
import { Turns } from './turns.ts';

export interface FanOutParts {
  /** Cached for seconds: asked once for each batch. @throws RelayError SUBSCRIPTION_STORE_UNAVAILABLE */
  readonly subscriptions: { all(): Promise<readonly Subscription[]> };
  readonly queue: DeliveryQueue;
  readonly quarantine: Quarantine;
  readonly now: () => Date;
}

export interface FanOutResult {
  /** For each partition that is not done, the lowest offset with a delivery that is not on the queue. */
  readonly resumePoints: ResumePoints;
  readonly records: number;
  readonly partitions: number;
  /** Deliveries the queue took; it drops those it had within the last five minutes, and they count here too. */
  readonly deliveries: number;
  readonly quarantined: number;
  /** For the log line: why partitions stopped, and which subscriptions were left out. */
  readonly failures: readonly unknown[];
}

/**
 * What a partition may need to end what it began: the queue's budget (wiring.ts) and, after it, one call or one entry in quarantine
 * with all their retries. Less time than this left, and nothing new is begun.
 */
export const endingTimeMs = 20_000;

/**
 * A batch of the change log becomes deliveries on the queue: each change times the subscriptions it is owed to, the active and the paused.
 *
 * Partitions run at the same time, each in offset order and each for itself, and take turns at the thread: what stops one is answered as its
 * resume point and stops no other. When the subscriptions cannot be read, every partition resumes from its first record. A record that cannot be
 * read, or that the queue will never take, goes to quarantine and its partition moves on; so does one that
 * filters would be busy with for too long, for those subscriptions alone. Every step may be repeated.
 * Never throws for what a dependency does.
 */
export async function fanOut(
  batch: { records: readonly LogRecord[]; remainingTimeMs(): number },
  parts: FanOutParts,
): Promise<FanOutResult> {
  const inOrder = batch.records.toSorted((a, b) => a.partition - b.partition || a.offset - b.offset);
  const partitions = Map.groupBy(inOrder, ({ partition }) => partition);
  const counts = { records: inOrder.length, partitions: partitions.size };

  let subscriptions: readonly Subscription[];
  try {
    subscriptions = await parts.subscriptions.all();
  } catch (failure) {
    // Answered partition by partition instead of thrown: the effect is the same, and the log line keeps its counts.
    const resumePoints = new Map([...partitions].map(([partition, [first]]) => [partition, first?.offset ?? 0]));
    return { ...counts, resumePoints, deliveries: 0, quarantined: 0, failures: [failure] };
  }

  const matching = matchingOf(subscriptions);
  const remainingTimeMs = () => batch.remainingTimeMs();
  const outOfTime = () => remainingTimeMs() < endingTimeMs;
  const turns = new Turns();
  const outcomes = await Promise.all(
    [...partitions].map(async ([partition, records]) => ({
      partition,
      ...(await fanOutPartition(records, { ...parts, matching, outOfTime, remainingTimeMs, turns })),
    })),
  );
  return {
    ...counts,
    resumePoints: new Map(outcomes.flatMap(({ partition, resumeAt }) => (resumeAt === undefined ? [] : [[partition, resumeAt] as const]))),
    deliveries: outcomes.reduce((sum, { deliveries }) => sum + deliveries, 0),
    quarantined: outcomes.reduce((sum, { quarantined }) => sum + quarantined, 0),
    failures: [...matching.failures, ...outcomes.flatMap(({ failure }) => (failure === undefined ? [] : [failure]))],
  };
}
