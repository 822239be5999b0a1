import { randomUUID } from 'node:crypto';
import { Kafka, logLevel, Partitioners } from 'kafkajs';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Consumption, LogRecord } from '#lib/intake/change-log.ts';
import { ensureTopics } from '#lib/kafka/ensure-topics.ts';
import { kafkaChangeLog } from '#lib/kafka/kafka-change-log.ts';
import { kafkaChangeLogFeed } from '#lib/kafka/kafka-change-log-feed.ts';
import { topics } from '#lib/kafka/topics.ts';
import { noKafka, sharedKafkaBrokers } from '../../support/kafka-broker.ts';
import { startTcpProxy } from './tcp-proxy.ts';

const brokers = sharedKafkaBrokers();
/** Kafka's protocol, FindCoordinator version 2; error 15 is COORDINATOR_NOT_AVAILABLE. */
const findCoordinator = {
  apiKey: 10,
  notAvailable() {
    // Throttle time, error code, no message, no node, an empty host, no port.
    const bytes = Buffer.alloc(18);
    bytes.writeInt16BE(15, 4);
    bytes.writeInt16BE(-1, 6);
    bytes.writeInt32BE(-1, 8);
    bytes.writeInt32BE(-1, 14);
    return bytes;
  },
};
const connection = { brokers: brokers ?? [], auth: 'none' as const, region: 'us-east-1', clientId: 'test' };

describe.skipIf(brokers === undefined)(`kafkaChangeLogFeed on Apache Kafka${brokers === undefined ? ` (${noKafka})` : ''}`, () => {
  let topic: string;
  beforeEach(async () => {
    topic = `feed.${randomUUID()}`;
    await ensureTopics(connection, { [topic]: topics['identity.changes.v1'] });
  });

  it('hands over what others wrote: no key, no value, no header value, a header twice', async () => {
    const kafka = new Kafka({ brokers: [...connection.brokers], logLevel: logLevel.NOTHING });
    const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
    await producer.connect();
    await producer.send({ topic, messages: [{ key: null, value: null, partition: 3, headers: { twice: ['a', 'b'], empty: '' } }] });
    await producer.disconnect();
    const seen: LogRecord[] = [];
    const { stop } = await consume('readers', seen, 1);
    await stop();
    expect(seen[0]).toMatchObject({ topic, partition: 3, offset: 0, key: null, value: null });
    expect(seen[0]!.headers.map(({ name, value }) => [name, Buffer.from(value).toString()])).toEqual([
      ['twice', 'a'],
      ['twice', 'b'],
      ['empty', ''],
    ]);
  });

  it('shares the partitions with another member, loses nothing while they are handed over, and takes them back', async () => {
    const log = kafkaChangeLog({ ...connection, topic });
    const [first, second]: LogRecord[][] = [[], []];
    await appendRows(log, 0, 20);
    const one = await consume('shared', first!, 20);
    const other = await consume('shared', second!, 1, async (next) => appendRows(log, 1_000 + next * 100, 24));
    await other.stop();
    await appendRows(log, 900_000, 24);
    await whenSeen(first!, (numbers) => range(900_000, 24).every((number) => numbers.has(number)));
    await one.stop();
    await log.disconnect();
    const all = new Set([...numbersIn(first!), ...numbersIn(second!)]);
    expect(range(0, 20).every((number) => all.has(number))).toBe(true);
    for (let next = 0; next < other.rounds; next += 1) expect(range(1_000 + next * 100, 24).every((number) => all.has(number))).toBe(true);
  });

  it('reports a batch that is read again by class and code alone', async () => {
    const log = kafkaChangeLog({ ...connection, topic });
    await appendRows(log, 0, 1);
    const messages: string[] = [];
    const feed = kafkaChangeLogFeed({ ...connection, topic, backOff: () => 5, logSink: ({ message }) => messages.push(message) });
    const twice = Promise.withResolvers<undefined>();
    let calls = 0;
    const consumption = await feed.consume({
      groupId: `${topic}.failing`,
      maxRecords: 10,
      handle: () => {
        calls += 1;
        if (calls === 1) return Promise.reject(new TypeError('ana@example.com is not a function'));
        twice.resolve(undefined);
        return Promise.resolve(new Map());
      },
    });
    await twice.promise;
    await consumption.stop();
    await log.disconnect();
    expect(messages).toContain('[Feed] a batch is read again: TypeError');
    expect(messages.join('\n')).not.toContain('ana@example.com');
  });

  it('warns, with the reason, when a broker answers with an error and is asked again: it is no failure', async () => {
    const proxy = await startTcpProxy(connection.brokers[0]!);
    proxy.intercept(findCoordinator.apiKey, () => {
      proxy.intercept(findCoordinator.apiKey, undefined);
      return findCoordinator.notAvailable();
    });
    const messages: string[] = [];
    const feed = kafkaChangeLogFeed({
      ...connection,
      brokers: [proxy.broker],
      topic,
      logSink: ({ level, message }) => messages.push(`${level} ${message}`),
    });
    const log = kafkaChangeLog({ ...connection, topic });
    await appendRows(log, 0, 1);
    const arrived = Promise.withResolvers<undefined>();
    const consumption = await feed.consume({
      groupId: `${topic}.new`,
      maxRecords: 10,
      handle: () => {
        arrived.resolve(undefined);
        return Promise.resolve(new Map());
      },
    });
    await arrived.promise;
    await consumption.stop();
    await log.disconnect();
    await proxy.close();
    expect(messages).toEqual(['warn [Connection] Response GroupCoordinator(key: 10, version: 2): The group coordinator is not available']);
  });

  /** Resolves when this member has seen so many records; `meanwhile` is run again and again until then. */
  async function consume(
    group: string,
    seen: LogRecord[],
    atLeast: number,
    meanwhile?: (round: number) => Promise<void>,
  ): Promise<{ rounds: number; stop(): Promise<void> }> {
    const enough = Promise.withResolvers<undefined>();
    const consumption: Consumption = await kafkaChangeLogFeed({ ...connection, topic, backOff: () => 5 }).consume({
      groupId: `${topic}.${group}`,
      maxRecords: 10,
      handle(records) {
        seen.push(...records);
        if (seen.length >= atLeast) enough.resolve(undefined);
        return Promise.resolve(new Map());
      },
    });
    let rounds = 0;
    for (; meanwhile !== undefined && seen.length < atLeast; rounds += 1) await meanwhile(rounds);
    await enough.promise;
    return { rounds, stop: () => consumption.stop() };
  }
});

function appendRows(log: ReturnType<typeof kafkaChangeLog>, first: number, count: number): Promise<void> {
  return log.append(
    range(first, count).map((number) => ({ key: `key ${number}`, value: Buffer.from(String(number)), headers: {} })),
    { budgetMs: 10_000 },
  );
}

function range(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => first + index);
}

function numbersIn(records: readonly LogRecord[]): Set<number> {
  return new Set(records.map(({ value }) => Number(Buffer.from(value!).toString())));
}

async function whenSeen(records: readonly LogRecord[], enough: (numbers: Set<number>) => boolean): Promise<void> {
  await expect.poll(() => enough(numbersIn(records)), { timeout: 20_000, interval: 20 }).toBe(true);
}
