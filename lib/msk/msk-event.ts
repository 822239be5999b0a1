import * as z from 'zod';
import { RelayError } from '../errors.ts';
import type { LogRecord } from '../intake/change-log.ts';

/**
 * What Lambda's event source mapping hands over: records by `<topic>-<partition>`, key and value in base64, headers as lists of
 * bytes. `key` and `value` can be absent or null. The MSK samples show bytes 0 to 255; a JVM's -128 to 127 are understood too.
 * https://docs.aws.amazon.com/lambda/latest/dg/with-msk.html
 */
const mskRecordSchema = z.object({
  topic: z.string(),
  partition: z.int().nonnegative(),
  offset: z.int().nonnegative(),
  timestamp: z.number().catch(0),
  key: z.string().nullish().catch(undefined),
  value: z.string().nullish().catch(undefined),
  headers: z.array(z.record(z.string(), z.array(z.number()))).catch([]),
});
const mskEventSchema = z.object({ eventSource: z.literal('aws:kafka'), records: z.record(z.string(), z.array(mskRecordSchema)) });

const bytesOf = (base64: string | null | undefined): Uint8Array | null =>
  typeof base64 === 'string' ? Buffer.from(base64, 'base64') : null;

/**
 * The records of an MSK event, partition by partition in the order they came. What is odd within a record is left to whoever reads
 * the record; a record that says no topic, partition or offset could not be named in the answer.
 * @throws RelayError CONFIG_INVALID when the event is none of MSK's, or of more than one topic: then the function hangs on the wrong source.
 */
export function recordsOfMskEvent(event: unknown): LogRecord[] {
  const parsed = mskEventSchema.safeParse(event);
  if (!parsed.success) throw new RelayError('CONFIG_INVALID', 'The event is not one of an MSK event source mapping');
  const records = Object.values(parsed.data.records).flat();
  if (new Set(records.map(({ topic }) => topic)).size > 1) {
    throw new RelayError('CONFIG_INVALID', 'The event has records of more than one topic; an MSK event source mapping reads one');
  }
  return records.map((record) => ({
    topic: record.topic,
    partition: record.partition,
    offset: record.offset,
    timestampMs: record.timestamp,
    key: bytesOf(record.key),
    value: bytesOf(record.value),
    headers: record.headers.flatMap((header) => Object.entries(header).map(([name, bytes]) => ({ name, value: Uint8Array.from(bytes) }))),
  }));
}
