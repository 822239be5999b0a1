import { RelayError } from '#lib/errors.ts';
import type { ChangeLogRange, PartitionRange, RangeEnd, ReadOptions } from '#lib/intake/change-log-range.ts';
import type { PartitionLog } from './partition-log.ts';
import type { StoredRecord } from './record-frame.ts';

/** Read from disk at a time; records come in with their values. */
const locateRecords = 1_000;
const chunkBytes = 1024 * 1024;

/** ChangeLogRange on the embedded log. It keeps its records for good, so nothing is ever `gone`, and it holds nothing open between reads. */
export function embeddedRange(options: { topic: string; partitions: readonly PartitionLog[] }): ChangeLogRange {
  const { topic, partitions } = options;
  return {
    locate: ({ from, to }) => readable(topic, () => Promise.all(partitions.map((log, partition) => locate(log, { partition, from, to })))),
    read: (range, read) => readRange(options, range, read),
    close: () => Promise.resolve(),
  };
}

/** There is no index of times: the partition is read from its beginning. It is a developer's log. */
async function locate(log: PartitionLog, window: { partition: number; from: Date; to: Date }): Promise<PartitionRange> {
  const { partition } = window;
  const [fromMs, toMs] = [window.from.getTime(), window.to.getTime()];
  const last = log.nextOffset;
  let start: number | undefined;
  let place = log.placeOf(0);
  while (place.offset < last) {
    const { records, next } = await log.read(place, Math.min(locateRecords, last - place.offset), chunkBytes);
    for (const { offset, timestampMs } of records) {
      if (start === undefined && timestampMs >= fromMs) start = offset;
      if (timestampMs >= toMs) return { partition, start: start ?? offset, end: offset };
    }
    place = next;
  }
  return { partition, start: start ?? last, end: last };
}

async function readRange(
  { topic, partitions }: { topic: string; partitions: readonly PartitionLog[] },
  { partition, start, end }: PartitionRange,
  { maxRecords, handle }: ReadOptions,
): Promise<RangeEnd> {
  const log = partitions[partition];
  if (log === undefined || end > log.nextOffset) throw unavailable(topic, 'out-of-range');
  let place = log.placeOf(start);
  while (place.offset < end) {
    const at = place;
    const { records, next } = await readable(topic, () => log.read(at, Math.min(maxRecords, end - at.offset), chunkBytes));
    const wanted = await handle(records.map((record) => toLogRecord(topic, partition, record)));
    place = next;
    if (wanted === 'enough' && place.offset < end) return 'enough';
  }
  return 'all';
}

function toLogRecord(topic: string, partition: number, { offset, timestampMs, key, value, headers }: StoredRecord) {
  return { topic, partition, offset, timestampMs, key, value, headers };
}

async function readable<T>(topic: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw unavailable(topic, 'disk', cause);
  }
}

function unavailable(topic: string, reason: string, cause?: unknown): RelayError {
  return new RelayError('CHANGE_LOG_UNAVAILABLE', 'The embedded log could not be read again', { facts: { reason, topic }, cause });
}
