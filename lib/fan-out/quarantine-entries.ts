import { createHash } from 'node:crypto';
import type { LogRecord } from '../intake/change-log.ts';
import { orgIdSchema } from '../okta/org.ts';
import type { QuarantineEntry } from '../quarantine/quarantine.ts';
import type { DeliveryMessage } from '../delivery/delivery.ts';

/** The record as a quarantine entry. Topic, partition, offset and time name it, so that a record read again is the same entry. */
export function unreadableEntry(record: LogRecord, detail: string, now: Date): QuarantineEntry {
  const { topic, partition, offset, timestampMs } = record;
  const digest = createHash('sha256')
    .update(JSON.stringify([topic, partition, offset, timestampMs]))
    .digest('hex');
  return {
    id: `record-${digest.slice(0, 40)}`,
    org: orgInKey(record.key),
    reason: 'record-unreadable',
    detail: `${topic}-${partition} at offset ${offset}: ${detail}`,
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
    detail: `${record.topic}-${record.partition} at offset ${record.offset}, for ${message.subscription}: ${detail}`,
    receivedAt: appendedAt(record, now),
    body: record.value ?? new Uint8Array(),
  };
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
