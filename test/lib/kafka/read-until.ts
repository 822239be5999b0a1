import { randomUUID } from 'node:crypto';
import type { LogRecord } from '#lib/intake/change-log.ts';
import { kafkaChangeLogFeed } from '#lib/kafka/kafka-change-log-feed.ts';

/** Reads a topic from its beginning until `enough` says so. Within a partition in order, repeats included. */
export async function readUntil(
  broker: string,
  topic: string,
  enough: (records: readonly LogRecord[]) => boolean,
): Promise<readonly LogRecord[]> {
  const all: LogRecord[] = [];
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const feed = kafkaChangeLogFeed({ brokers: [broker], auth: 'none', region: 'us-east-1', clientId: 'test', topic });
  const consumption = await feed.consume({
    groupId: randomUUID(),
    maxRecords: 100,
    handle(records) {
      all.push(...records);
      if (enough(all)) resolve(undefined);
      return Promise.resolve(new Map());
    },
  });
  await promise;
  await consumption.stop();
  return all;
}
