import { setTimeout as delay } from 'node:timers/promises';
import type { Admin, ITopicConfig, ITopicMetadata } from 'kafkajs';
import { RelayError } from '../errors.ts';
import { kafkaClient } from './client.ts';
import type { KafkaConnection } from './connection.ts';
import { monotonicMs } from './deadline.ts';
import { failureReason } from './failure-reason.ts';
import { topics as allTopics, topicSettings, type TopicDefinition } from './topics.ts';

const limits = { connectTimeoutMs: 2_000, requestTimeoutMs: 10_000, retries: 3, retryWaitMs: 250 };
const propagationMs = 10_000;
const pollMs = 50;

/**
 * Creates the topics that are not there. One that is keeps its settings; its partition count must be right, because keys
 * would land in other partitions than before.
 * @throws RelayError CHANGE_LOG_UNAVAILABLE when the brokers do not answer or refuse; LOCAL_START_FAILED when a topic has
 * another number of partitions
 */
export async function ensureTopics(
  connection: KafkaConnection,
  topics: Readonly<Record<string, TopicDefinition>> = allTopics,
): Promise<void> {
  const client = kafkaClient(connection, limits);
  const admin = client.kafka.admin();
  try {
    await admin.connect();
    const { brokers } = await admin.describeCluster();
    await createMissing(admin, topics, brokers.length);
    await assertPartitions(admin, topics);
  } catch (error) {
    if (error instanceof RelayError) throw error;
    const { reason, kafkaError } = failureReason(error);
    const what = reason === 'connection' ? `cannot be reached (${socketCode(error) ?? 'no answer'})` : 'does not have the topics ready';
    throw new RelayError('CHANGE_LOG_UNAVAILABLE', `Kafka at ${connection.brokers.join(', ')} ${what}`, {
      facts: { reason, kafkaError },
      cause: error,
    });
  } finally {
    client.cut();
  }
}

/** How the connection failed, as the system names it (`ECONNREFUSED`): kafkajs keeps that on an error below its own. */
function socketCode(error: unknown): string | undefined {
  for (let at = error; at instanceof Error; at = at.cause) if ('code' in at && typeof at.code === 'string') return at.code;
  return undefined;
}

/** Two relays may start at the same time: that the other one was quicker is no failure, and createTopics answers false then. */
async function createMissing(admin: Admin, topics: Readonly<Record<string, TopicDefinition>>, brokerCount: number): Promise<void> {
  const present = new Set(await admin.listTopics());
  const missing = Object.entries(topics).filter(([name]) => !present.has(name));
  if (missing.length === 0) return;
  await admin.createTopics({
    topics: missing.map(([name, definition]) => topicConfig(name, definition, brokerCount)),
    waitForLeaders: false,
  });
}

function topicConfig(topic: string, definition: TopicDefinition, brokerCount: number): ITopicConfig {
  const replicationFactor = Math.min(definition.replication, brokerCount);
  // A record that needs more copies than there are brokers would never be acknowledged.
  const minInSyncReplicas = Math.min(definition.minInSyncReplicas, replicationFactor);
  const settings = topicSettings({ ...definition, minInSyncReplicas }, 'standard');
  const configEntries = Object.entries(settings).map(([name, value]) => ({ name, value }));
  return { topic, numPartitions: definition.partitions, replicationFactor, configEntries };
}

async function assertPartitions(admin: Admin, topics: Readonly<Record<string, TopicDefinition>>): Promise<void> {
  for (const { name, partitions } of await metadataOnceKnown(admin, Object.keys(topics))) {
    const expected = topics[name]?.partitions;
    if (expected === undefined || partitions.length === expected) continue;
    throw new RelayError(
      'LOCAL_START_FAILED',
      `topic ${name} has ${partitions.length} partitions and needs ${expected}: use another cluster, or move that topic away`,
      { facts: { topic: name, partitions: partitions.length, expected } },
    );
  }
}

/** The controller acknowledges a topic before every broker has heard of it; until then they deny it, or name no leader. */
async function metadataOnceKnown(admin: Admin, names: string[]): Promise<ITopicMetadata[]> {
  const endsAtMs = monotonicMs() + propagationMs;
  for (;;) {
    try {
      return (await admin.fetchTopicMetadata({ topics: names })).topics;
    } catch (error) {
      const { reason, kafkaError } = failureReason(error);
      if ((reason !== 'no-topic' && kafkaError !== 'LEADER_NOT_AVAILABLE') || monotonicMs() > endsAtMs) throw error;
      await delay(pollMs);
    }
  }
}
