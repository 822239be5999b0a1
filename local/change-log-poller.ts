import type { ChangeLogFeed, Consumption, LogRecord, ResumePoints } from '#lib/intake/change-log.ts';

interface MskBatchResponse {
  readonly batchItemFailures?: readonly { readonly itemIdentifier: { readonly partition: string; readonly offset: number } }[];
}

/**
 * What Lambda's event source mapping does for an MSK topic with partial-batch answers: hands the function one event with
 * the records of several partitions, and reads each reported partition again from the named offset. A function that
 * throws has failed with all of its batch.
 */
export function startChangeLogPoller(options: {
  feed: ChangeLogFeed;
  invoke(event: unknown): Promise<unknown>;
  onError(error: unknown): void;
}): Promise<Consumption> {
  return options.feed.consume({
    groupId: 'fan-out',
    maxRecords: 100,
    async handle(records) {
      try {
        return resumePoints((await options.invoke(mskEvent(records))) as MskBatchResponse | undefined, records);
      } catch (error) {
        options.onError(error);
        throw error;
      }
    },
  });
}

/** The event as AWS sends it: keys and values in base64, headers as lists of bytes, records by `<topic>-<partition>`. */
export function mskEvent(records: readonly LogRecord[]): object {
  const byPartition = Object.groupBy(records, (record) => `${record.topic}-${record.partition}`);
  return {
    eventSource: 'aws:kafka',
    eventSourceArn: 'arn:aws:kafka:us-east-1:000000000000:cluster/local/00000000-0000-4000-8000-000000000000-1',
    bootstrapServers: '127.0.0.1:9092',
    records: Object.fromEntries(Object.entries(byPartition).map(([name, list]) => [name, (list ?? []).map(mskRecord)])),
  };
}

function mskRecord(record: LogRecord): object {
  return {
    topic: record.topic,
    partition: record.partition,
    offset: record.offset,
    timestamp: record.timestampMs,
    timestampType: 'CREATE_TIME',
    ...(record.key === null ? {} : { key: Buffer.from(record.key).toString('base64') }),
    ...(record.value === null ? {} : { value: Buffer.from(record.value).toString('base64') }),
    headers: record.headers.map(({ name, value }) => ({ [name]: [...value] })),
  };
}

/** An answer that names what was not in the event is invalid, and Lambda then repeats the whole batch: so does this. */
function resumePoints(response: MskBatchResponse | undefined, records: readonly LogRecord[]): ResumePoints {
  const points = new Map<number, number>();
  for (const { itemIdentifier } of response?.batchItemFailures ?? []) {
    const named = records.find(
      (record) => `${record.topic}-${record.partition}` === itemIdentifier.partition && record.offset === itemIdentifier.offset,
    );
    if (named === undefined) throw new Error('fan-out answered with a partition and offset that it was not given');
    points.set(named.partition, Math.min(named.offset, points.get(named.partition) ?? Infinity));
  }
  return points;
}
