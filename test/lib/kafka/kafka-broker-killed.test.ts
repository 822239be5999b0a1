import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isRelayError } from '#lib/errors.ts';
import { ensureTopics } from '#lib/kafka/ensure-topics.ts';
import { kafkaChangeLog, type KafkaChangeLog } from '#lib/kafka/kafka-change-log.ts';
import { kafkaChangeLogFeed } from '#lib/kafka/kafka-change-log-feed.ts';
import { noKafka, sharedKafkaBrokers, startKafkaBroker, type KafkaBroker } from '../../support/kafka-broker.ts';
import { scaled } from '../../support/scale.ts';

const topic = 'identity.changes.v1';
/** Set where `npm test` found Java and Maven: then a broker of our own, to be killed, can be had too. */
const hasKafka = sharedKafkaBrokers() !== undefined;
const keys = 10;

describe.skipIf(!hasKafka)(`a Kafka broker that is killed${hasKafka ? '' : ` (${noKafka})`}`, () => {
  let dataDir: string;
  let broker: KafkaBroker;
  const connection = () => ({ brokers: [broker.brokers], auth: 'none' as const, region: 'us-east-1', clientId: 'test' });

  beforeAll(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'relay-kafka-killed-'));
    broker = await startKafkaBroker({ dataDir });
    await ensureTopics(connection());
  }, 120_000);
  afterAll(async () => {
    await broker.kill();
    rmSync(dataDir, { recursive: true, force: true });
  });

  it(
    'has every acknowledged record afterwards, in order, and its consumer misses none',
    async () => {
      const log = kafkaChangeLog({ ...connection(), topic });
      const seen = new Map<string, number[]>();
      let awaited = { row: Infinity, reached: (_: undefined): void => undefined };
      const whenEveryKeyHas = (row: number): Promise<undefined> => new Promise((resolve) => (awaited = { row, reached: resolve }));
      const consumption = await kafkaChangeLogFeed({ ...connection(), topic, backOff: () => 50 }).consume({
        groupId: 'readers',
        maxRecords: 100,
        handle(records) {
          for (const record of records) {
            const key = Buffer.from(record.key!).toString();
            const numbers = seen.get(key) ?? [];
            numbers.push(Number(Buffer.from(record.value!).toString()));
            seen.set(key, numbers);
          }
          if (seen.size === keys && [...seen.values()].every((numbers) => numbers.at(-1)! >= awaited.row)) awaited.reached(undefined);
          return Promise.resolve(new Map());
        },
      });

      let next = 0;
      const rounds = scaled(5, 1);
      for (let round = 0; round < rounds; round += 1) {
        const stream = { stopped: false };
        const consumed = whenEveryKeyHas(next + 20);
        const appending = appendUntil(log, () => stream.stopped, next);
        await consumed;
        await broker.kill();
        broker = await startKafkaBroker({ dataDir, port: broker.port });
        stream.stopped = true;
        next = await appending;
      }
      const allConsumed = whenEveryKeyHas(next);
      await appendRow(log, next);
      await allConsumed;
      await consumption.stop();
      await log.disconnect();

      for (const [key, numbers] of seen) {
        const firsts = [...new Set(numbers)];
        expect(firsts, key).toEqual(Array.from({ length: next + 1 }, (_, index) => index));
      }
      process.stdout.write(`broker kill -9: ${rounds} rounds, ${next + 1} rows of ${keys} keys\n`);
    },
    scaled(300_000, 120_000),
  );

  it('lets a consumer wait for a broker that is not there yet, and stop while it is gone', async () => {
    await broker.kill();
    const { promise: arrived, resolve } = Promise.withResolvers<undefined>();
    const consumption = await kafkaChangeLogFeed({ ...connection(), topic, backOff: () => 50 }).consume({
      groupId: 'early',
      maxRecords: 100,
      handle: () => {
        resolve(undefined);
        return Promise.resolve(new Map());
      },
    });
    broker = await startKafkaBroker({ dataDir, port: broker.port });
    await arrived;
    await broker.kill();
    const startedAtMs = performance.now();
    await consumption.stop();
    expect(performance.now() - startedAtMs).toBeLessThan(5_000);
    broker = await startKafkaBroker({ dataDir, port: broker.port });
  }, 120_000);
});

/** Appends rows, one number for every key, each until it is acknowledged, as whoever spools does it; answers the next number. */
async function appendUntil(log: KafkaChangeLog, isStopped: () => boolean, first: number): Promise<number> {
  let next = first;
  for (; !isStopped(); next += 1) await appendRow(log, next);
  return next;
}

async function appendRow(log: KafkaChangeLog, number: number): Promise<void> {
  const row = Array.from({ length: keys }, (_, key) => ({ key: `key ${key}`, value: Buffer.from(String(number)), headers: {} }));
  for (;;) {
    try {
      await log.append(row, { budgetMs: 1_100 });
      return;
    } catch (error) {
      if (!isRelayError(error, 'CHANGE_LOG_UNAVAILABLE')) throw error;
    }
  }
}
