import { randomUUID } from 'node:crypto';
import { ConfigResourceTypes, Kafka, logLevel, type Admin } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureTopics } from '#lib/kafka/ensure-topics.ts';
import { topics, topicSettings } from '#lib/kafka/topics.ts';
import { noKafka, sharedKafkaBrokers } from '../../support/kafka-broker.ts';
import { freePort } from '../../support/relay-process.ts';

const brokers = sharedKafkaBrokers();
const connection = { brokers: brokers ?? [], auth: 'none' as const, region: 'us-east-1', clientId: 'test' };
const definition = topics['identity.changes.v1'];

it('says of a Kafka that is not there that it cannot be reached, and what the system said', async () => {
  const nowhere = `127.0.0.1:${await freePort()}`;
  await expect(ensureTopics({ ...connection, brokers: [nowhere] })).rejects.toMatchObject({
    code: 'CHANGE_LOG_UNAVAILABLE',
    message: `Kafka at ${nowhere} cannot be reached (ECONNREFUSED)`,
    facts: { reason: 'connection' },
  });
});

describe.skipIf(brokers === undefined)(`ensureTopics on Apache Kafka${brokers === undefined ? ` (${noKafka})` : ''}`, () => {
  let admin: Admin;
  beforeAll(async () => {
    admin = new Kafka({ brokers: [...(brokers ?? [])], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
  });
  afterAll(() => admin.disconnect());

  /** What the broker says of a topic: each of the settings we name, its partitions, and how many copies each has. */
  async function described(name: string) {
    const named = Object.keys(topicSettings(definition, 'standard'));
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ type: ConfigResourceTypes.TOPIC, name, configNames: named }],
    });
    const entries = resources[0]?.configEntries ?? [];
    const { topics: known } = await admin.fetchTopicMetadata({ topics: [name] });
    const partitions = known[0]?.partitions ?? [];
    return {
      settings: Object.fromEntries(entries.map(({ configName, configValue }) => [configName, configValue])),
      partitions: partitions.length,
      copies: [...new Set(partitions.map(({ replicas }) => replicas.length))],
    };
  }

  it('creates what is missing as it is defined, also when several ask at once, and leaves what is there', async () => {
    const name = `ensured.${randomUUID()}`;
    // Other values than the broker's own, which it would have without being told.
    const wanted = { ...definition, partitions: 5, retentionMs: 3_600_000, maxBatchBytes: 900_000 };
    await Promise.all([1, 2, 3].map(() => ensureTopics(connection, { [name]: wanted })));
    const created = await described(name);
    await ensureTopics(connection, { [name]: { ...definition, partitions: 5 } });

    expect(created).toEqual({
      settings: {
        'cleanup.policy': 'delete',
        'retention.ms': '3600000',
        'max.message.bytes': '900000',
        'message.timestamp.type': 'LogAppendTime',
        'unclean.leader.election.enable': 'false',
        // There is one broker: more copies than that cannot be asked for.
        'min.insync.replicas': '1',
      },
      partitions: 5,
      copies: [1],
    });
    expect(await described(name)).toEqual(created);
  });

  it('refuses a topic with another number of partitions', async () => {
    const name = `ensured.${randomUUID()}`;
    await ensureTopics(connection, { [name]: definition });
    await expect(ensureTopics(connection, { [name]: { ...definition, partitions: 13 } })).rejects.toMatchObject({
      code: 'LOCAL_START_FAILED',
      facts: { partitions: 12, expected: 13 },
    });
  });
});

describe('ensureTopics', () => {
  it('says that there is no broker', async () => {
    await expect(ensureTopics({ ...connection, brokers: ['127.0.0.1:1'] })).rejects.toMatchObject({
      code: 'CHANGE_LOG_UNAVAILABLE',
      facts: { reason: 'connection' },
    });
  });
});
