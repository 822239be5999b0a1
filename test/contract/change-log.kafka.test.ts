import { randomUUID } from 'node:crypto';
import { describe, it } from 'vitest';
import { ensureTopics } from '#lib/kafka/ensure-topics.ts';
import { kafkaChangeLog } from '#lib/kafka/kafka-change-log.ts';
import { kafkaChangeLogFeed } from '#lib/kafka/kafka-change-log-feed.ts';
import { topics } from '#lib/kafka/topics.ts';
import { noKafka, sharedKafkaBrokers } from '../support/kafka-broker.ts';
import { changeLogContract, type ChangeLogUnderTest } from './change-log.contract.ts';

const brokers = sharedKafkaBrokers();

if (brokers === undefined) {
  describe('ChangeLog × kafka', () => {
    it('[port: ChangeLog] holds on Apache Kafka', (context) => context.skip(noKafka));
  });
} else {
  changeLogContract('kafka', async () => {
    const topic = `contract.${randomUUID()}`;
    await ensureTopics(connectionTo(brokers), { [topic]: topics['identity.changes.v1'] });
    return open(brokers, topic);
  });
}

function connectionTo(to: readonly string[]) {
  return { brokers: to, auth: 'none' as const, region: 'us-east-1', clientId: 'contract' };
}

async function open(to: readonly string[], topic: string): Promise<ChangeLogUnderTest> {
  const log = kafkaChangeLog({ ...connectionTo(to), topic });
  // The group has the topic's name in it, so that tests share none; the name is the test's own otherwise.
  const feed = kafkaChangeLogFeed({ ...connectionTo(to), topic, backOff: () => 5 });
  return {
    log,
    feed: { consume: (options) => feed.consume({ ...options, groupId: `${topic}.${options.groupId}` }) },
    async reopen() {
      await log.disconnect();
      return open(to, topic);
    },
    close: () => log.disconnect(),
  };
}
