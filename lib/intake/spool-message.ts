import { createHash } from 'node:crypto';
import * as z from 'zod';
import { hasMoreValuesThan } from '../identity/has-more-values-than.ts';
import { isDeeperThan, maxJsonDepth } from '../identity/is-deeper-than.ts';
import { base64Bytes } from '../sealing/base64-bytes.ts';
import type { ChangeRecord } from './change-log.ts';

/** Body of a message in `change-spool.fifo`: records of one key, in order. Values are base64, so that they come out byte for byte. */
const spoolBodySchema = z.object({
  v: z.literal(1),
  key: z.string().min(1),
  records: z.array(z.object({ value: z.string(), headers: z.record(z.string(), z.string()) })).min(1),
});
type SpooledRecord = z.infer<typeof spoolBodySchema>['records'][number];

export interface SpoolMessage {
  readonly groupId: string;
  readonly deduplicationId: string;
  readonly body: string;
}

/** Below SQS's limit of 1 MiB, with room for what surrounds the records. A record of 256 KiB has 350 KB here. */
const maxRecordsLength = 900_000;
const maxRecords = 1_000;
/** Members and elements of a message that is read; a record has seven. More is none of ours, and a schema would make a problem of each. */
const maxSpooledValues = 20 * maxRecords;

/**
 * The records as messages of the spool; those of one key in order, and in as few messages as they fit into. A message of a
 * group can be sent only when the one before it was taken, so a message per record would make a call of each event when a
 * user joins forty groups at once, and the time for an answer would end before the calls do.
 *
 * The group is a hash of the key: Okta ids are opaque, and SQS takes 128 characters of a limited set.
 *
 * The deduplication id is a hash of the key and the change ids. So Okta's retry after an answer that came too late adds nothing
 * to what the first request left here. SQS remembers an id for five minutes, longer than the message may stay: a copy is then
 * dropped although the first is gone. That is harmless, because a message leaves the spool only when its records are in the
 * log, where the copy would be a repeat, or when it is in quarantine, which a person reads: nothing is dropped that is nowhere
 * else. What failed to be respooled has not left. The bytes are not part of the id, for a retry differs in the time it was
 * recorded; changes of one id are one change to everybody downstream as well.
 */
export function spoolMessages(records: readonly ChangeRecord[]): SpoolMessage[] {
  return [...Map.groupBy(records, ({ key }) => key)].flatMap(([key, ofKey]) => chunks(ofKey).map((chunk) => message(key, chunk)));
}

export type ReadSpoolMessage =
  { readonly kind: 'readable'; readonly records: readonly ChangeRecord[] } | { readonly kind: 'unreadable'; readonly detail: string };

/** Total. `detail` repeats nothing of the body. */
export function readSpoolMessage(body: string): ReadSpoolMessage {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    // One of the expected outcomes; what is wrong with it stands in the body that is kept.
    return { kind: 'unreadable', detail: 'The message is not JSON.' };
  }
  if (hasMoreValuesThan(maxSpooledValues, json)) return { kind: 'unreadable', detail: 'The message has too many members and elements.' };
  if (isDeeperThan(maxJsonDepth, json)) return { kind: 'unreadable', detail: 'The message is nested too deep.' };
  const read = spoolBodySchema.safeParse(json);
  if (!read.success) {
    // The first step only: further down stand names that somebody else chose.
    const members = [...new Set(read.error.issues.map(({ path }) => `/${String(path[0] ?? '')}`))];
    return { kind: 'unreadable', detail: `The message does not read as spooled records; at fault: ${members.join(', ')}.` };
  }
  const records: ChangeRecord[] = [];
  for (const { value, headers } of read.data.records) {
    const bytes = base64Bytes(value);
    if (bytes === undefined) return { kind: 'unreadable', detail: 'The value of a record is not base64.' };
    records.push({ key: read.data.key, value: bytes, headers });
  }
  return { kind: 'readable', records };
}

function chunks(records: readonly ChangeRecord[]): ChangeRecord[][] {
  const all: ChangeRecord[][] = [];
  let length = 0;
  for (const record of records) {
    const own = JSON.stringify(spooled(record)).length;
    const open = all.at(-1);
    if (open === undefined || length + own > maxRecordsLength || open.length === maxRecords) {
      all.push([record]);
      length = own;
    } else {
      open.push(record);
      length += own;
    }
  }
  return all;
}

function message(key: string, records: readonly ChangeRecord[]): SpoolMessage {
  const body = { v: 1, key, records: records.map(spooled) } satisfies z.infer<typeof spoolBodySchema>;
  return {
    groupId: hashOf(['group', key]),
    deduplicationId: hashOf(['records', key, ...records.map(identity)]),
    body: JSON.stringify(body),
  };
}

function spooled({ value, headers }: ChangeRecord): SpooledRecord {
  return { value: Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64'), headers };
}

/** The change's id where the record says it, else its bytes. */
function identity({ headers, value }: ChangeRecord): string {
  return headers['ce_id'] ?? createHash('sha256').update(value).digest('hex');
}

function hashOf(parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}
