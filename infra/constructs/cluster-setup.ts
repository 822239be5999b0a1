import { CustomResource, Duration, RemovalPolicy } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { topicSettings, type TopicDefinition } from '#lib/kafka/topics.ts';
import type { RelayFunction } from './relay-function.ts';

export interface ClusterSetupProps {
  readonly setup: RelayFunction;
  readonly clusterArn: string;
  readonly brokers: 'standard' | 'express';
  /** What the stack makes or expects, by name. */
  readonly topics: Readonly<Record<string, TopicDefinition>>;
  /** The topic's ARN within the cluster. */
  readonly topicArn: (name: string) => string;
  /** The brokers are asked for again when this changes. */
  readonly askAgainWhen: string;
}

/**
 * Longer than the function and Lambda's two repeats of it (after one and two minutes): an answer that comes later finds nobody. Without
 * it CloudFormation waits an hour.
 */
const serviceTimeout = Duration.minutes(10);

/**
 * The cluster as the deployment sees it: CloudFormation knows neither a cluster's brokers nor whether topics that were there already
 * are right, and the functions have no way to MSK's API from inside the VPC. Changes nothing (functions/cluster-setup).
 */
export class ClusterSetup extends Construct {
  /** host:port, comma-separated; for IAM authentication inside the VPC. */
  readonly bootstrapBrokers: string;

  constructor(scope: Construct, id: string, props: ClusterSetupProps) {
    super(scope, id);
    const { setup, clusterArn } = props;
    const topicArns = Object.keys(props.topics).map(props.topicArn);
    const grant = (actions: string[], resources: string[]): void => {
      setup.role.addToPrincipalPolicy(new PolicyStatement({ actions, resources }));
    };
    grant(['kafka:GetBootstrapBrokers'], [clusterArn]);
    // MSK's API for topics asks in the caller's name, as a client of the cluster would.
    grant(['kafka-cluster:Connect'], [clusterArn]);
    // MSK's guide asks for both ARNs and does not say which action is checked on which of them; a refusal would end every first
    // deployment. https://docs.aws.amazon.com/msk/latest/developerguide/msk-topic-operations-information.html
    const describe = ['kafka:DescribeTopic', 'kafka-cluster:DescribeTopic', 'kafka-cluster:DescribeTopicDynamicConfiguration'];
    grant(describe, [clusterArn, ...topicArns]);

    const expected = Object.entries(props.topics).map(([name, definition]) => ({
      name,
      partitions: definition.partitions,
      replication: definition.replication,
      settings: topicSettings(definition, props.brokers),
    }));
    const cluster = new CustomResource(this, 'Cluster', {
      resourceType: 'Custom::Cluster',
      serviceToken: setup.function.functionArn,
      serviceTimeout,
      properties: { ClusterArn: clusterArn, Topics: JSON.stringify(expected), AskAgainWhen: props.askAgainWhen },
      removalPolicy: RemovalPolicy.DESTROY,
    });
    cluster.node.addDependency(setup.role);
    this.bootstrapBrokers = cluster.getAttString('BootstrapBrokers');
  }
}
