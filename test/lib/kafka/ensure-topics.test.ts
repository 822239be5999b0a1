import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ensureTopics } from '#lib/kafka/ensure-topics.ts';
import { topics } from '#lib/kafka/topics.ts';
import { noKafka, sharedKafkaBrokers } from '../../support/kafka-broker.ts';

const brokers = sharedKafkaBrokers();
const connection = { brokers: brokers ?? [], auth: 'none' as const, region: 'us-east-1', clientId: 'test' };
const definition = topics['identity.changes.v1'];

describe.skipIf(brokers === undefined)(`ensureTopics on Apache Kafka${brokers === undefined ? ` (${noKafka})` : ''}`, () => {
  it('creates what is missing, also when several ask at once, and leaves what is there', async () => {
    const name = `ensured.${randomUUID()}`;
    await Promise.all([1, 2, 3].map(() => ensureTopics(connection, { [name]: definition })));
    await ensureTopics(connection, { [name]: { ...definition, retentionMs: 1 } });
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
