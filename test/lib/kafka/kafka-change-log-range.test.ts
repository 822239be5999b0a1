import { randomUUID } from 'node:crypto';
import { Kafka, logLevel } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ChangeLogRange, PartitionRange } from '#lib/intake/change-log-range.ts';
import { ensureTopics } from '#lib/kafka/ensure-topics.ts';
import { kafkaChangeLog } from '#lib/kafka/kafka-change-log.ts';
import { kafkaChangeLogRange, rangeGroupPrefix } from '#lib/kafka/kafka-change-log-range.ts';
import { topics } from '#lib/kafka/topics.ts';
import { noKafka, sharedKafkaBrokers } from '../../support/kafka-broker.ts';

const brokers = sharedKafkaBrokers();
const connection = (to: readonly string[]) => ({ brokers: to, auth: 'none' as const, region: 'us-east-1', clientId: 'range-test' });
const whole = { from: new Date(0), to: new Date(8.64e15) };

it('says that the log is away when no broker answers', async () => {
  const range = kafkaChangeLogRange({ ...connection(['127.0.0.1:1']), topic: 'x', newName: () => 'x' });
  const read = { maxRecords: 1, handle: () => Promise.resolve('more' as const) };
  await expect(range.locate(whole)).rejects.toMatchObject({ code: 'CHANGE_LOG_UNAVAILABLE', facts: { reason: 'connection' } });
  await expect(range.read({ partition: 0, start: 0, end: 1 }, read)).rejects.toMatchObject({ code: 'CHANGE_LOG_UNAVAILABLE' });
  await range.close();
}, 30_000);

describe.skipIf(brokers === undefined)(`reading a range of a topic on Apache Kafka${brokers === undefined ? ` (${noKafka})` : ''}`, () => {
  const topic = `range-reader.${randomUUID()}`;
  const names: string[] = [];
  const admin = new Kafka({ brokers: [...(brokers ?? ['127.0.0.1:1'])], logLevel: logLevel.NOTHING }).admin();
  let log: ReturnType<typeof kafkaChangeLog>;
  let range: ChangeLogRange;
  let busiest: PartitionRange;

  beforeAll(async () => {
    await admin.connect();
    const to = connection(brokers ?? []);
    await ensureTopics(to, { [topic]: topics['identity.changes.v1'] });
    log = kafkaChangeLog({ ...to, topic });
    const newName = () => {
      names.push(randomUUID());
      return names.at(-1) ?? '';
    };
    range = kafkaChangeLogRange({ ...to, topic, newName });
    // Five megabytes of one key: more than the broker hands over at once.
    for (let turn = 0; turn < 5; turn += 1)
      await log.append(
        Array.from({ length: 100 }, (_, index) => ({ key: 'acme:ana', value: Buffer.alloc(10_000, index), headers: {} })),
        { budgetMs: 20_000 },
      );
    busiest = (await range.locate(whole)).find(({ end }) => end > 0) as PartitionRange;
  }, 60_000);
  afterAll(async () => {
    await range.close();
    await log.disconnect();
    await admin.disconnect();
  });

  it('goes on over as many fetches as it takes, and leaves no offset behind', async () => {
    const offsets: number[] = [];
    const handle = (records: readonly { offset: number }[]) => {
      offsets.push(...records.map(({ offset }) => offset));
      return Promise.resolve('more' as const);
    };
    expect(await range.read(busiest, { maxRecords: 70, handle })).toBe('all');
    expect(offsets).toEqual(Array.from({ length: 500 }, (_, offset) => offset));
    expect(names).toHaveLength(1);
    const [committed] = await admin.fetchOffsets({ groupId: `${rangeGroupPrefix}${names[0] ?? ''}`, topics: [topic] });
    expect(new Set(committed?.partitions.map(({ offset }) => offset))).toEqual(new Set(['-1']));
  }, 30_000);

  it('says that the range is gone once the log has dropped its beginning, and reads what is left', async () => {
    const offsets: number[] = [];
    // While it is being read: what was fetched already is still handed over, and nothing from behind the hole.
    const dropping = async (records: readonly { offset: number }[]) => {
      if (offsets.length === 0) await admin.deleteTopicRecords({ topic, partitions: [{ partition: busiest.partition, offset: '400' }] });
      offsets.push(...records.map(({ offset }) => offset));
      return 'more' as const;
    };
    expect(await range.read(busiest, { maxRecords: 10, handle: dropping })).toBe('gone');
    expect(offsets.length).toBeGreaterThan(0);
    expect(Math.max(...offsets)).toBeLessThan(400);

    let handled = 0;
    const handle = (records: readonly unknown[]) => {
      handled += records.length;
      return Promise.resolve('more' as const);
    };
    expect(await range.read(busiest, { maxRecords: 70, handle })).toBe('gone');
    expect(handled).toBe(0);
    expect(await range.read({ ...busiest, start: 400 }, { maxRecords: 70, handle })).toBe('all');
    expect(handled).toBe(100);
  }, 30_000);
});
