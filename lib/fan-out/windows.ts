import type { LogRecord } from '../intake/change-log.ts';
import { narrowedChange } from '../subscriptions/narrowed-change.ts';
import { deliveryIdOf } from '../delivery/delivery.ts';
import type { QueuedDelivery } from '../delivery/delivery-queue.ts';
import type { Matching } from './matching.ts';
import { readRecord, type ReadableRecord } from './read-record.ts';
import { placed } from '../delivery/lane.ts';

/** What a record comes to: one delivery for each subscription it is owed to, or itself for the quarantine. */
export type Owed =
  | { readonly kind: 'delivery'; readonly record: LogRecord; readonly delivery: QueuedDelivery }
  | { readonly kind: 'unreadable'; readonly record: LogRecord; readonly detail: string };

/** What some records in a row come to. Nothing, too: whoever settles it looks at the clock and lets others have their turn. */
export interface Window {
  /** Offset of the first record that it has something of. */
  readonly from: number;
  readonly owed: readonly Owed[];
}

/** What is settled together. Large enough to fill calls, small enough that a dozen partitions fit into a function's memory. */
const maxOwed = 100;
const maxBytes = 1_048_576;
/** A window is closed once its filters took this long: what it has is settled while there is time for it, and the clock is looked at. */
const longestMatchingMs = 1_000;

/**
 * What the records of one partition come to, in their order, cut into windows; made while it is asked for. A record may span several. None goes
 * on for longer than its time and the filters of one record, and as long as nothing is owed each record makes one.
 */
export function* windowsOf(records: readonly LogRecord[], matching: Matching, remainingTimeMs: () => number): Generator<Window> {
  let owed: Owed[] = [];
  let [from, bytes, leftMs] = [0, 0, 0];
  for (const record of records) {
    let isCut = false;
    if (owed.length === 0) [from, bytes, leftMs] = [record.offset, 0, remainingTimeMs()];
    for (const one of owedFor(record, matching)) {
      owed.push(one);
      bytes += record.value?.byteLength ?? 0;
      if (owed.length < maxOwed && bytes < maxBytes) continue;
      yield { from, owed };
      owed = [];
      [from, bytes, leftMs] = [record.offset, 0, remainingTimeMs()];
      isCut = true;
    }
    if (owed.length === 0 ? isCut : leftMs - remainingTimeMs() < longestMatchingMs) continue;
    yield { from, owed };
    owed = [];
  }
  if (owed.length > 0) yield { from, owed };
}

function* owedFor(record: LogRecord, matching: Matching): Generator<Owed> {
  const reading = readRecord(record);
  if (reading.kind === 'unreadable') {
    yield { kind: 'unreadable', record, detail: reading.detail };
    return;
  }
  for (const subscription of matching.owedTo(reading.change)) {
    yield { kind: 'delivery', record, delivery: deliveryOf(reading, subscription) };
  }
}

/** What a subscription does not ask for is not queued either, so that no message tells it; its filter has seen the whole change. */
function deliveryOf(
  { change, orderingKey, traceparent }: ReadableRecord,
  subscription: ReturnType<Matching['owedTo']>[number],
): QueuedDelivery {
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
