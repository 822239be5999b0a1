/**
 * Every Kafka topic of the relay, as data: local mode creates them from here, and so does the CDK stack.
 * This file imports nothing, so that both may read it. Partition count and replication are immutable: more partitions would
 * move keys to other partitions in mid-stream, and the order of a key's changes would be lost.
 */
export interface TopicDefinition {
  readonly partitions: number;
  /** Copies of each partition, where there are as many brokers. */
  readonly replication: number;
  /** Copies that must have a record before it is acknowledged, where there are as many brokers. */
  readonly minInSyncReplicas: number;
  readonly retentionMs: number;
  /** Largest batch of one partition, in bytes, as the broker counts it (compressed, with its framing). */
  readonly maxBatchBytes: number;
  /** `LogAppendTime`: the broker's clock, so that times never run backwards in a partition and a replay can cut by time. */
  readonly timestampType: 'LogAppendTime' | 'CreateTime';
}

export const topics = {
  'identity.changes.v1': {
    partitions: 12,
    replication: 3,
    minInSyncReplicas: 2,
    /** Seven days. */
    retentionMs: 604_800_000,
    /** Kafka's default, written down because the producer's own limit stays under it. */
    maxBatchBytes: 1_048_588,
    timestampType: 'LogAppendTime',
  },
} as const satisfies Record<string, TopicDefinition>;
export type TopicName = keyof typeof topics;

/** Which brokers hold the topic. MSK's express brokers fix durability themselves and refuse to be told. */
export type BrokerKind = 'standard' | 'express';

/** A topic's settings by Kafka's names. */
export function topicSettings(definition: TopicDefinition, brokers: BrokerKind): Record<string, string> {
  const durability = {
    'min.insync.replicas': String(definition.minInSyncReplicas),
    // MSK's default lets a replica lead that has missed acknowledged records.
    'unclean.leader.election.enable': 'false',
  };
  return {
    'cleanup.policy': 'delete',
    'retention.ms': String(definition.retentionMs),
    'max.message.bytes': String(definition.maxBatchBytes),
    'message.timestamp.type': definition.timestampType,
    ...(brokers === 'standard' ? durability : {}),
  };
}
