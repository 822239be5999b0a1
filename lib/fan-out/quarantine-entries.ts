import { createHash } from 'node:crypto';
import type { LogRecord } from '../intake/change-log.ts';
import { orgIdSchema } from '../okta/org.ts';
import type { QuarantineEntry } from '../quarantine/quarantine.ts';
import type { DeliveryMessage } from '../delivery/delivery.ts';
import type { SubscriptionId } from '../subscriptions/subscription.ts';

/** The record as a quarantine entry. Topic, partition, offset and time name it, so that a record read again is the same entry. */
export function unreadableEntry(record: LogRecord, detail: string, now: Date): QuarantineEntry {
  return {
    id: `record-${digestOf(record)}`,
    org: orgInKey(record.key),
    reason: 'record-unreadable',
    detail: `${placeOf(record)}: ${detail}`,
    receivedAt: appendedAt(record, now),
    body: record.value ?? new Uint8Array(),
  };
}

/** A delivery that the queue will never take. The body is the record it came from; the detail names the subscription it was for. */
export function refusedEntry(record: LogRecord, refused: { message: DeliveryMessage; detail: string }, now: Date): QuarantineEntry {
  const { message, detail } = refused;
  return {
    id: message.delivery.replace('_', '-'),
    org: message.org,
    reason: 'delivery-refused-by-queue',
    detail: `${placeOf(record)}, for ${message.subscription}: ${detail}`,
    receivedAt: appendedAt(record, now),
    body: record.value ?? new Uint8Array(),
  };
}

/** How many subscriptions a detail names. */
const maxNamed = 100;

/**
 * A record that some subscriptions were not asked about. These are part of its name, all of them: where they are others when the record is read again,
 * what was kept for the first ones stays.
 */
export function unaskedEntry(
  record: LogRecord,
  unasked: { org: string; subscriptions: readonly SubscriptionId[] },
  now: Date,
): QuarantineEntry {
  const { org, subscriptions } = unasked;
  const more = subscriptions.length - maxNamed;
  const named = `${subscriptions.slice(0, maxNamed).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
  return {
    id: `unasked-${digestOf(record, subscriptions)}`,
    org,
    reason: 'filters-too-slow',
    detail: `${placeOf(record)}: not sent to ${subscriptions.length}, whose filters were given up: ${named}`,
    receivedAt: appendedAt(record, now),
    body: record.value ?? new Uint8Array(),
  };
}

function placeOf({ topic, partition, offset }: LogRecord): string {
  return `${topic}-${partition} at offset ${offset}`;
}

function digestOf({ topic, partition, offset, timestampMs }: LogRecord, others: readonly string[] = []): string {
  const named = JSON.stringify([topic, partition, offset, timestampMs, ...others]);
  return createHash('sha256').update(named).digest('hex').slice(0, 40);
}

/** The relay's own keys begin with the org; whatever else a key may be tells nothing. */
function orgInKey(key: Uint8Array | null): string {
  const org = orgIdSchema.safeParse(/^[^:]*(?=:)/.exec(Buffer.from(key ?? []).toString('latin1'))?.[0]);
  return org.success ? org.data : 'unknown';
}

/** Kafka's own time, so that every reading of the record gives the same; -1 in a record of a producer without a clock. */
function appendedAt(record: LogRecord, now: Date): Date {
  const appended = new Date(record.timestampMs);
  return appended.getTime() > 0 && appended <= now ? appended : now;
}
