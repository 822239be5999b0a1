import type { LogRecord } from '../intake/change-log.ts';
import { narrowedChange } from '../subscriptions/narrowed-change.ts';
import type { Subscription, SubscriptionId } from '../subscriptions/subscription.ts';
import { deliveryIdOf } from '../delivery/delivery.ts';
import type { QueuedDelivery } from '../delivery/delivery-queue.ts';
import type { Matching } from './matching.ts';
import { readRecord, type ReadableRecord } from './read-record.ts';
import { placed } from '../delivery/lane.ts';

/** What a record comes to: one delivery for each subscription it is owed to, and itself for the quarantine where that cannot be told. */
export type Owed =
  | { readonly kind: 'delivery'; readonly record: LogRecord; readonly delivery: QueuedDelivery }
  | { readonly kind: 'unreadable'; readonly record: LogRecord; readonly detail: string }
  /** `subscriptions`: those whose filters asked for more work than there is. Never empty. */
  | { readonly kind: 'unasked'; readonly record: LogRecord; readonly org: string; readonly subscriptions: readonly SubscriptionId[] };

/** What some records in a row come to. Nothing, too: whoever settles it looks at the clock and lets others have their turn. */
export interface Window {
  readonly owed: readonly Owed[];
  /** Once that is settled: the offset of the first record that is not wholly settled; undefined when all are. */
  readonly resumeAt: number | undefined;
}

/** What is settled together. Large enough to fill calls, small enough that a dozen partitions fit into a function's memory. */
const maxOwed = 100;
const maxBytes = 1_048_576;
/**
 * A window is closed once it took this long to make: what it has is settled while there is time for it, the clock is looked at, and answers of
 * the queue are read. Calls are given up after a second, and one on a new connection has three answers to wait for.
 */
const longestMatchingMs = 100;

/**
 * What the records of one partition come to, in their order, cut into windows; made while it is asked for. A record may span several. None goes
 * on for longer than its time and one filter, and as long as nothing is owed each record makes one.
 */
export function* windowsOf(records: readonly LogRecord[], matching: Matching, remainingTimeMs: () => number): Generator<Window, undefined> {
  let [owed, bytes, leftMs]: [Owed[], number, number] = [[], 0, remainingTimeMs()];
  const isFull = () => owed.length >= maxOwed || bytes >= maxBytes || leftMs - remainingTimeMs() >= longestMatchingMs;
  for (const [index, record] of records.entries()) {
    for (const one of stepsOf(record, matching)) {
      if (isFull()) {
        yield { owed, resumeAt: record.offset };
        [owed, bytes, leftMs] = [[], 0, remainingTimeMs()];
      }
      if (one === undefined) continue;
      owed.push(one);
      bytes += record.value?.byteLength ?? 0;
    }
    const next = records[index + 1];
    if (next !== undefined && owed.length > 0 && !isFull()) continue;
    yield { owed, resumeAt: next?.offset };
    [owed, bytes, leftMs] = [[], 0, remainingTimeMs()];
  }
  return undefined;
}

/** What a record comes to, bit by bit: undefined is work that was done and came to nothing. */
function* stepsOf(record: LogRecord, matching: Matching): Generator<Owed | undefined> {
  const reading = readRecord(record);
  if (reading.kind === 'unreadable') {
    yield { kind: 'unreadable', record, detail: reading.detail };
    return;
  }
  yield undefined;
  const unasked: SubscriptionId[] = [];
  for (const { kind, subscription } of matching.answersFor(reading.change)) {
    if (kind === 'unasked') unasked.push(subscription.id);
    yield kind === 'owed' ? { kind: 'delivery', record, delivery: deliveryOf(reading, subscription) } : undefined;
  }
  if (unasked.length > 0) yield { kind: 'unasked', record, org: reading.change.data.org, subscriptions: unasked };
}

/** What a subscription does not ask for is not queued either, so that no message tells it; its filter has seen the whole change. */
function deliveryOf({ change, orderingKey, traceparent }: ReadableRecord, subscription: Subscription): QueuedDelivery {
  const { org } = change.data;
  const message = {
    v: 1 as const,
    delivery: deliveryIdOf(subscription.id, org, change.id),
    subscription: subscription.id,
    org,
    change: narrowedChange(change, subscription),
    ...(traceparent === undefined ? {} : { traceparent }),
  };
  return placed(message, { orderingKey, ordering: subscription.ordering });
}
