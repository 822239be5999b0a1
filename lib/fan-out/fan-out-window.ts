import type { LogRecord } from '../intake/change-log.ts';
import { narrowedChange } from '../subscriptions/narrowed-change.ts';
import { deliveryIdOf } from '../delivery/delivery.ts';
import type { QueuedDelivery } from '../delivery/delivery-queue.ts';
import type { Matching } from './fan-out-matching.ts';
import { readRecord, type ReadableRecord } from './fan-out-record.ts';
import { placed } from '../delivery/lane.ts';

/** What a record comes to: one delivery for each subscription it is owed to, or itself for the quarantine. */
export type Owed =
  | { readonly kind: 'delivery'; readonly record: LogRecord; readonly delivery: QueuedDelivery }
  | { readonly kind: 'unreadable'; readonly record: LogRecord; readonly detail: string };

/** What is settled together. Large enough to fill calls, small enough that a dozen partitions fit into a function's memory. */
const maxOwed = 100;
const maxBytes = 1_048_576;

/** What the records of one partition come to, in their order, cut into windows; made while it is asked for. A record may span several. */
export function* windowsOf(records: readonly LogRecord[], matching: Matching): Generator<Owed[]> {
  let window: Owed[] = [];
  let bytes = 0;
  for (const record of records) {
    for (const owed of owedFor(record, matching)) {
      window.push(owed);
      bytes += record.value?.byteLength ?? 0;
      if (window.length < maxOwed && bytes < maxBytes) continue;
      yield window;
      window = [];
      bytes = 0;
    }
  }
  if (window.length > 0) yield window;
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
