import { RemovalPolicy } from 'aws-cdk-lib';
import { CfnTopic } from 'aws-cdk-lib/aws-msk';
import { Construct } from 'constructs';
import { type BrokerKind, type TopicDefinition, topics, topicSettings, type TopicName } from '#lib/kafka/topics.ts';

/**
 * What each topic was first deployed with. More partitions move keys to other partitions in mid-stream and break the order of a
 * person's changes; so a change in lib/kafka/topics.ts stops the synthesis here. Growth is a new topic and a drain.
 */
export const deployedTopics: Readonly<Record<TopicName, { readonly partitions: number; readonly replication: number }>> = {
  'identity.changes.v1': { partitions: 12, replication: 3 },
};

/**
 * The topics of lib/kafka/topics.ts on a cluster. They stay when the stack goes, or a version that had them; only a deployment that makes
 * one and is rolled back takes it with it, so that the next attempt does not stop at a topic that exists.
 */
export class ChangeTopics extends Construct {
  constructor(scope: Construct, id: string, props: { readonly clusterArn: string; readonly brokers: BrokerKind }) {
    super(scope, id);
    for (const [topicName, definition] of Object.entries(topics)) {
      new CfnTopic(this, topicName, {
        clusterArn: props.clusterArn,
        topicName,
        partitionCount: definition.partitions,
        replicationFactor: definition.replication,
        configs: Buffer.from(topicProperties(definition, props.brokers)).toString('base64'),
      }).applyRemovalPolicy(RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE);
    }
  }
}

/** A topic's settings as Kafka's properties: a line for each. */
function topicProperties(definition: TopicDefinition, brokers: BrokerKind): string {
  return Object.entries(topicSettings(definition, brokers))
    .map(([name, value]) => `${name}=${value}`)
    .join('\n');
}

/** @throws Error that names each topic whose partitions or replication differ from what was deployed. */
export function checkTopicsAreAsDeployed(defined: Readonly<Record<string, TopicDefinition>> = topics): void {
  const names = new Set([...Object.keys(defined), ...Object.keys(deployedTopics)]);
  const recorded: Readonly<Record<string, { readonly partitions: number; readonly replication: number }>> = deployedTopics;
  const moved = [...names].filter((name) => {
    const [now, then] = [defined[name], recorded[name]];
    return now?.partitions !== then?.partitions || now?.replication !== then?.replication;
  });
  if (moved.length > 0) {
    throw new Error(
      `Partitions and replication of a deployed topic never change: ${moved.join(', ')}. Make a new topic (docs/deploy.md, "Topics")`,
    );
  }
}
