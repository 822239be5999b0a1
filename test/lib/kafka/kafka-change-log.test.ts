import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isRelayError } from '#lib/errors.ts';
import { ensureTopics } from '#lib/kafka/ensure-topics.ts';
import { kafkaChangeLog, type KafkaChangeLog } from '#lib/kafka/kafka-change-log.ts';
import { kafkaChangeLogFeed } from '#lib/kafka/kafka-change-log-feed.ts';
import { partitionOfKey } from '#lib/kafka/partition-of-key.ts';
import { topics } from '#lib/kafka/topics.ts';
import { noKafka, sharedKafkaBrokers } from '../../support/kafka-broker.ts';
import { startTcpProxy, type ProxyMode, type TcpProxy } from './tcp-proxy.ts';

const brokers = sharedKafkaBrokers();
/** What receive-hook gives the log. */
const budgetMs = 1_100;
/** Where the time is not what is asked: half of it is for the first attempt, and on a busy machine that must do. */
const ampleMs = 5_000;
/** A timer may be late by so much on two busy cores. Less than an append would need that takes its budget twice. */
const slackMs = 1_000;
const initProducerId = 22;
const produce = 0;
const partitions = 2;

describe.skipIf(brokers === undefined)(`kafkaChangeLog before a broker that fails${brokers === undefined ? ` (${noKafka})` : ''}`, () => {
  let proxy: TcpProxy;
  let topic: string;
  let log: KafkaChangeLog;

  beforeEach(async () => {
    topic = `failing.${randomUUID()}`;
    await ensureTopics(connectionTo(brokers![0]!), { [topic]: { ...topics['identity.changes.v1'], partitions } });
    proxy = await startTcpProxy(brokers![0]!);
    log = kafkaChangeLog({ ...connectionTo(proxy.broker), topic });
  });
  afterEach(async () => {
    await log.disconnect();
    await proxy.close();
  });

  const failures: [ProxyMode, string[]][] = [
    ['hang', ['timeout']],
    ['refuse', ['connection']],
    ['reset', ['connection']],
    ['stall', ['timeout']],
  ];

  it.each(failures)(
    'ends in its time when the broker comes to %s under a connection in use, and works again afterwards',
    async (mode, reasons) => {
      await append('before');
      await proxy.set(mode);
      const { elapsedMs, reason } = await failingAppend('during');
      expect(elapsedMs).toBeLessThan(budgetMs + slackMs);
      expect(reasons).toContain(reason);
      await proxy.set('pass');
      await append('after');
      const values = await valuesInTopic(mode === 'stall' ? 3 : 2);
      expect(values).toContain('before');
      expect(values.at(-1)).toBe('after');
    },
  );

  it.each(failures)(
    'ends in its time when the broker is found to %s at the first connection, and works again afterwards',
    async (mode, reasons) => {
      await proxy.set(mode);
      await log.connect();
      const { elapsedMs, reason } = await failingAppend('during');
      expect(elapsedMs).toBeLessThan(budgetMs + slackMs);
      expect(reasons).toContain(reason);
      await proxy.set('pass');
      await append('after');
      expect(await valuesInTopic(1)).toEqual(['after']);
    },
  );

  it('gives every append its own time when many wait behind one that hangs', async () => {
    await append('before');
    await proxy.set('hang');
    const results = await Promise.all(Array.from({ length: 20 }, (_, index) => failingAppend(`during ${index}`)));
    expect(Math.max(...results.map(({ elapsedMs }) => elapsedMs))).toBeLessThan(budgetMs + slackMs);
  });

  it('leaves nothing of a failed append to happen later', async () => {
    await append('before');
    await proxy.set('hang');
    await failingAppend('during');
    const connections = proxy.connections();
    const produced = proxy.requests(produce);
    await proxy.set('pass');
    await append('after');
    expect(await valuesInTopic(2)).toEqual(['before', 'after']);
    expect(proxy.connections() - connections).toBe(1);
    expect(proxy.requests(produce) - produced).toBe(1);
  });

  it('works at once after the broker has closed an idle connection', async () => {
    await append('before the freeze');
    proxy.dropConnections();
    await append('after the freeze');
    expect(await valuesInTopic(2)).toEqual(['before the freeze', 'after the freeze']);
  });

  it('makes one new connection when the old one died without a word', async () => {
    await append('before');
    const connections = proxy.connections();
    proxy.silenceConnections();
    await append('after');
    expect(proxy.connections() - connections).toBe(1);
    expect(await valuesInTopic(2)).toEqual(['before', 'after']);
  });

  it('produces idempotently where the broker allows it', async () => {
    await append('a');
    expect(proxy.requests(initProducerId)).toBeGreaterThan(0);
  });

  it.each([
    [45, 'OUT_OF_ORDER_SEQUENCE_NUMBER'],
    [46, 'DUPLICATE_SEQUENCE_NUMBER'],
    [47, 'INVALID_PRODUCER_EPOCH'],
  ])('makes its producer anew within the same append when the broker answers %i, %s', async (code) => {
    await append('before');
    const [asked, produced] = [proxy.requests(initProducerId), proxy.requests(produce)];
    proxy.intercept(produce, () => {
      proxy.intercept(produce, undefined);
      return produceAnswer(topic, code);
    });
    await append('after');
    expect(proxy.requests(initProducerId) - asked).toBe(1);
    expect(proxy.requests(produce) - produced).toBe(2);
    await append('at last');
    expect(await valuesInTopic(3)).toEqual(['before', 'after', 'at last']);
  });

  it('goes on without idempotence where the broker refuses it, within the same append, and remembers', async () => {
    // InitProducerId response v1: throttle time, error 31 (CLUSTER_AUTHORIZATION_FAILED), producer id, epoch.
    proxy.intercept(initProducerId, () => Buffer.from('00000000001fffffffffffffffffffff', 'hex'));
    await append('a');
    const asked = proxy.requests(initProducerId);
    proxy.dropConnections();
    await append('b');
    await proxy.set('reset');
    await failingAppend('c');
    await proxy.set('pass');
    await append('d');
    expect(proxy.requests(initProducerId)).toBe(asked);
    // Without idempotence a request that the broker had taken before it closed the connection is written twice.
    expect(new Set(await valuesInTopic(3))).toEqual(new Set(['a', 'b', 'd']));
  });

  it('puts the records of one append into one request', async () => {
    await append('warm');
    const before = proxy.requests(produce);
    await log.append(
      ['a', 'b', 'c', 'd', 'e', 'f'].map((key) => ({ ...record(key), key })),
      { budgetMs: ampleMs },
    );
    expect(proxy.requests(produce) - before).toBe(1);
  });

  it('says that the topic is missing, and creates none', async () => {
    const lost = kafkaChangeLog({ ...connectionTo(proxy.broker), topic: `missing.${randomUUID()}` });
    await expect(lost.append([record('a')], { budgetMs: ampleMs })).rejects.toMatchObject({
      code: 'CHANGE_LOG_UNAVAILABLE',
      facts: { reason: 'no-topic' },
    });
    await lost.disconnect();
  });

  it('says that a record is too large for the broker, asks once, and takes the next one', async () => {
    await append('a');
    const before = proxy.requests(produce);
    await expect(log.append([{ ...record('a'), value: Buffer.alloc(1_100_000) }], { budgetMs: ampleMs })).rejects.toMatchObject({
      code: 'CHANGES_TOO_LARGE',
      facts: { reason: 'too-large', kafkaError: 'MESSAGE_TOO_LARGE' },
    });
    expect(proxy.requests(produce) - before).toBe(1);
    await append('b');
    expect(await valuesInTopic(2)).toEqual(['a', 'b']);
  });

  it('connects without failing where there is no broker', async () => {
    await proxy.set('refuse');
    await expect(log.connect()).resolves.toBeUndefined();
  });

  async function append(value: string): Promise<void> {
    await log.append([record(value)], { budgetMs: ampleMs });
  }

  async function failingAppend(value: string): Promise<{ elapsedMs: number; reason: unknown }> {
    const startedAtMs = performance.now();
    try {
      await log.append([record(value)], { budgetMs });
    } catch (error) {
      if (!isRelayError(error, 'CHANGE_LOG_UNAVAILABLE')) throw error;
      return { elapsedMs: performance.now() - startedAtMs, reason: error.facts['reason'] };
    }
    throw new Error('the append did not fail');
  }

  /** All values of the one key, in order, once there are `atLeast` of them. */
  async function valuesInTopic(atLeast: number): Promise<string[]> {
    const values: string[] = [];
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const feed = kafkaChangeLogFeed({ ...connectionTo(brokers![0]!), topic });
    const consumption = await feed.consume({
      groupId: randomUUID(),
      maxRecords: 100,
      handle(records) {
        values.push(...records.map(({ value }) => Buffer.from(value!).toString()));
        if (values.length >= atLeast) resolve(undefined);
        return Promise.resolve(new Map());
      },
    });
    await promise;
    await consumption.stop();
    return values;
  }
});

function connectionTo(broker: string) {
  return { brokers: [broker], auth: 'none' as const, region: 'us-east-1', clientId: 'test' };
}

const key = 'one key';

function record(value: string) {
  return { key, value: Buffer.from(value), headers: {} };
}

/** Produce response v5 to v7: for one topic, one partition, no times and offsets but -1; no throttling. */
function produceAnswer(topic: string, code: number): Buffer {
  const partition = partitionOfKey(key, partitions);
  const head = Buffer.alloc(6 + topic.length);
  head.writeInt32BE(1);
  head.writeInt16BE(topic.length, 4);
  head.write(topic, 6);
  const body = Buffer.alloc(38, 0xff);
  body.writeInt32BE(1);
  body.writeInt32BE(partition, 4);
  body.writeInt16BE(code, 8);
  body.writeInt32BE(0, 34);
  return Buffer.concat([head, body]);
}
