import { randomUUID } from 'node:crypto';
import { describe, it } from 'vitest';
import { ensureTopics } from '#lib/kafka/ensure-topics.ts';
import { kafkaChangeLogRange } from '#lib/kafka/kafka-change-log-range.ts';
import { kafkaChangeLog } from '#lib/kafka/kafka-change-log.ts';
import { topics } from '#lib/kafka/topics.ts';
import { noKafka, sharedKafkaBrokers } from '../support/kafka-broker.ts';
import { changeLogRangeContract } from './change-log-range.contract.ts';

const brokers = sharedKafkaBrokers();

if (brokers === undefined) {
  describe('ChangeLogRange × kafka', () => {
    it('[port: ChangeLogRange] holds on Apache Kafka', (context) => context.skip(noKafka));
  });
} else {
  changeLogRangeContract('kafka', async () => {
    const topic = `range.${randomUUID()}`;
    const connection = { brokers, auth: 'none' as const, region: 'us-east-1', clientId: 'contract', topic };
    await ensureTopics(connection, { [topic]: topics['identity.changes.v1'] });
    const log = kafkaChangeLog(connection);
    const range = kafkaChangeLogRange({ ...connection, newName: () => randomUUID() });
    return {
      log,
      range,
      async close() {
        await range.close();
        await log.disconnect();
      },
    };
  });
}
