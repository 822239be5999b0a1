import type { z } from 'zod';
import { changeSchema, maxChangeBytes, type SequencedChange } from '../identity/change.ts';
import { hasMoreValuesThan, maxJsonValues } from '../identity/has-more-values-than.ts';
import { isDeeperThan, maxJsonDepth } from '../identity/is-deeper-than.ts';
import { sequenceOf } from '../identity/sequence.ts';
import { serialiseChange } from '../identity/serialise-change.ts';
import type { LogRecord } from '../intake/change-log.ts';
import { orderingKeyIn } from '../delivery/lane.ts';

export interface ReadableRecord {
  readonly kind: 'change';
  readonly change: SequencedChange;
  readonly orderingKey: string;
  readonly traceparent: string | undefined;
}
/** `detail` is a sentence for the operator and quotes nothing of the record. */
export type RecordReading = ReadableRecord | { readonly kind: 'unreadable'; readonly detail: string };

const unreadable = (detail: string): RecordReading => ({ kind: 'unreadable', detail });

/**
 * A record of the change log, read; never throws. Only the value and `traceparent` count. The Kafka key is not looked at: whoever
 * wrote the record chose its partition with it, and the change itself says what it is ordered by. A record without a value
 * is unreadable: the topic is not compacted, so nobody has reason to write one. So is what is beyond the bounds that `receive-hook` keeps to: the topic
 * takes records four times as large, which a queue may take as well and a table would not, and then their lane would stand.
 */
export function readRecord(record: LogRecord): RecordReading {
  if (record.value === null) return unreadable('The record has no value');
  if (record.value.byteLength > maxChangeBytes)
    return unreadable(`The value has ${record.value.byteLength} bytes, ${maxChangeBytes} at most are carried`);
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(record.value));
  } catch {
    // The message of either error can quote the record.
    return unreadable('The value is not JSON in UTF-8');
  }
  if (hasMoreValuesThan(maxJsonValues, json)) return unreadable('The value has too many members and elements');
  if (isDeeperThan(maxJsonDepth, json)) return unreadable('The value is nested too deep');
  const parsed = changeSchema.safeParse(json);
  if (!parsed.success) return unreadable(`The value is not a change: ${faultsOf(parsed.error)}`);
  // Read and written again it may be longer than it was: `1e20` becomes 21 digits.
  const serialised = serialiseChange(parsed.data);
  if (serialised.kind === 'too-large') return unreadable(serialised.detail);
  const orderingKey = orderingKeyIn(parsed.data);
  if (orderingKey === undefined) return unreadable('The partitionkey is not the org, a colon and an ordering key');
  try {
    const change = { ...parsed.data, sequence: sequenceOf(parsed.data, record.offset) };
    return { kind: 'change', change, orderingKey, traceparent: traceparentOf(record) };
  } catch {
    // A time before 1970 or after 2286: it would fail again at every retry and hold the partition for ever.
    return unreadable('The times of the change give no sequence');
  }
}

/** Where and what, for the first few; values stay out. */
function faultsOf(error: z.ZodError): string {
  return error.issues
    .slice(0, 5)
    .map((issue) => `${issue.path.join('.') || 'value'} (${issue.code})`)
    .join(', ');
}

/** Version 00 of https://www.w3.org/TR/trace-context/#traceparent-header, or what a later version has in common with it. */
const traceparentForm = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/** Undefined unless there is exactly one, and well-formed: a trace is worth no delivery. */
function traceparentOf(record: LogRecord): string | undefined {
  const [only, ...others] = record.headers.filter(({ name }) => name === 'traceparent');
  if (only === undefined || others.length > 0) return undefined;
  const text = Buffer.from(only.value).toString('latin1');
  return traceparentForm.test(text) ? text : undefined;
}
