import { describe, expect, it } from 'vitest';
import { topics, topicSettings } from '#lib/kafka/topics.ts';

const everywhere = {
  'cleanup.policy': 'delete',
  'retention.ms': '604800000',
  'max.message.bytes': '1048588',
  'message.timestamp.type': 'LogAppendTime',
};

describe('topicSettings', () => {
  it('names retention, sizes, times and durability for brokers that are told all of it', () => {
    expect(topicSettings(topics['identity.changes.v1'], 'standard')).toEqual({
      ...everywhere,
      'min.insync.replicas': '2',
      'unclean.leader.election.enable': 'false',
    });
  });

  it('leaves durability to express brokers, which refuse to be told', () => {
    expect(topicSettings(topics['identity.changes.v1'], 'express')).toEqual(everywhere);
  });
});
