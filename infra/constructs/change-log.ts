import { Fn, Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { CfnEventSourceMapping, type CfnEventSourceMappingProps } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { type TopicName, topics } from '#lib/kafka/topics.ts';
import { accept, acceptWildcard } from '../accept.ts';
import type { KafkaSettings } from '../kafka-schema.ts';
import { batchAnswer, type Stage } from '../stages.ts';
import { ChangeTopics, checkTopicsAreAsDeployed } from './change-topics.ts';
import { ClusterSetup } from './cluster-setup.ts';
import type { RelayKeys } from './keys.ts';
import { OwnKafka } from './own-kafka.ts';
import type { RelayFunction } from './relay-function.ts';
import type { Keeping } from './relay-log-group.ts';
import type { RelayNetwork } from './relay-network.ts';

const topic: TopicName = 'identity.changes.v1';

/** The same as `rangeGroupPrefix` in lib/kafka/kafka-change-log-range.ts: a test compares them. */
const rangeGroups = 'okta-event-relay-replay-*';

/**
 * What Lambda's poller does in fan-out's name to get a foot into the cluster's network. EC2 knows no resource for it, hence "*".
 * https://docs.aws.amazon.com/lambda/latest/dg/with-msk-permissions.html
 */
const pollerNetworkActions = [
  'ec2:CreateNetworkInterface',
  'ec2:DeleteNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSecurityGroups',
  'ec2:DescribeSubnets',
  'ec2:DescribeVpcs',
];

export interface ChangeLogProps {
  readonly kafka: KafkaSettings;
  readonly network: RelayNetwork;
  readonly keys: RelayKeys;
  readonly keeping: Keeping;
  /** The function that describes the cluster while it is deployed. */
  readonly setup: RelayFunction;
}

/** The log of changes: a cluster, ours or one that is there, its topic, and who may write to it and read from it. */
export class ChangeLog extends Construct {
  readonly topic = topic;
  readonly clusterArn: string;
  /** host:port, comma-separated; for IAM authentication inside the VPC. */
  readonly bootstrapBrokers: string;
  /** What settles which brokers there are, as the stage says it. Changes when they are to be asked for again. */
  readonly brokersSettledBy: string;
  readonly #topics: ChangeTopics | undefined;
  readonly #network: RelayNetwork;

  constructor(scope: Construct, id: string, props: ChangeLogProps) {
    super(scope, id);
    const { kafka } = props;
    this.#network = props.network;
    checkTopicsAreAsDeployed();
    this.clusterArn = kafka.kind === 'provisioned' ? new OwnKafka(this, 'Kafka', { ...props, kafka }).clusterArn : kafka.clusterArn;
    const brokers = kafka.kind === 'provisioned' ? kafka.brokers.kind : kafka.brokers;
    const create = kafka.kind === 'provisioned' || kafka.topics === 'create';
    this.#topics = create ? new ChangeTopics(this, 'Topics', { clusterArn: this.clusterArn, brokers }) : undefined;
    this.brokersSettledBy = kafka.kind === 'provisioned' ? `${kafka.brokers.instanceType} ${kafka.brokersPerZone}` : kafka.clusterArn;
    const setup = new ClusterSetup(this, 'Setup', {
      setup: props.setup,
      clusterArn: this.clusterArn,
      brokers,
      topics,
      topicArn: (name) => this.#arn('topic', name),
      askAgainWhen: this.brokersSettledBy,
    });
    if (this.#topics !== undefined) setup.node.addDependency(this.#topics);
    this.bootstrapBrokers = setup.bootstrapBrokers;
  }

  /** Append to the topic, idempotently where the broker allows it. */
  grantAppend({ role }: RelayFunction): void {
    role.addToPrincipalPolicy(
      new PolicyStatement({ actions: ['kafka-cluster:Connect', 'kafka-cluster:WriteDataIdempotently'], resources: [this.clusterArn] }),
    );
    role.addToPrincipalPolicy(
      new PolicyStatement({ actions: ['kafka-cluster:DescribeTopic', 'kafka-cluster:WriteData'], resources: [this.#arn('topic', topic)] }),
    );
  }

  /** Read pieces of the topic again, each time as the only member of a group of its own that never commits. */
  grantReadRange({ role }: RelayFunction): void {
    const grant = (actions: string[], resource: string): void => {
      role.addToPrincipalPolicy(new PolicyStatement({ actions, resources: [resource] }));
    };
    grant(['kafka-cluster:Connect'], this.clusterArn);
    grant(['kafka-cluster:DescribeTopic', 'kafka-cluster:ReadData'], this.#arn('topic', topic));
    grant(['kafka-cluster:AlterGroup', 'kafka-cluster:DescribeGroup'], this.#arn('group', rangeGroups));
    acceptWildcard(role, this.#arn('group', rangeGroups), 'Each replay reads in a group of its own name, which only replays have.');
  }

  /**
   * Lambda reads the topic for the function, from its beginning, each partition in order. It retries for ever and has no on-failure
   * destination: the function puts aside what cannot be read, so what fails is infrastructure, and a change late is better than lost.
   */
  feed(target: RelayFunction, pollers: Stage['fanOut']): void {
    const consumerGroupId = `${Stack.of(this).stackName}-fan-out`;
    this.#grantRead(target, consumerGroupId);
    const ways = pollers.kind === 'on-demand' ? this.#network.letPollerOut() : [];
    const mapping = new CfnEventSourceMapping(target, 'Changes', {
      functionName: target.function.functionArn,
      eventSourceArn: this.clusterArn,
      topics: [topic],
      amazonManagedKafkaEventSourceConfig: { consumerGroupId },
      startingPosition: 'TRIM_HORIZON',
      ...settingsFor(pollers),
    });
    accept(
      mapping,
      'Serverless-LambdaEventSourceMappingDestination',
      'A destination would cap the retries and throw good changes away in an outage; what cannot be read, the function puts aside itself.',
    );
    mapping.node.addDependency(target.role, ...ways);
    if (this.#topics !== undefined) mapping.node.addDependency(this.#topics);
  }

  #grantRead(target: RelayFunction, consumerGroupId: string): void {
    const { role } = target;
    const grant = (actions: string[], resource: string): void => {
      role.addToPrincipalPolicy(new PolicyStatement({ actions, resources: [resource] }));
    };
    grant(['kafka:DescribeClusterV2', 'kafka:GetBootstrapBrokers'], this.clusterArn);
    grant(['kafka-cluster:Connect', 'kafka-cluster:DescribeClusterDynamicConfiguration'], this.clusterArn);
    grant(['kafka-cluster:DescribeTopic', 'kafka-cluster:ReadData'], this.#arn('topic', topic));
    grant(['kafka-cluster:AlterGroup', 'kafka-cluster:DescribeGroup'], this.#arn('group', consumerGroupId));
    grant(pollerNetworkActions, '*');
    target.denyToCode(pollerNetworkActions);
    acceptWildcard(
      role,
      '*',
      'EC2 knows no resource for what the poller does to get into the network; the code of the function is denied it.',
    );
  }

  /** A name within the cluster: arn:…:cluster/<cluster>/<uuid> → arn:…:topic/<cluster>/<uuid>/<name>. */
  #arn(kind: 'topic' | 'group', name: string): string {
    const { partition, region, account } = Stack.of(this);
    const parts = Fn.split('/', this.clusterArn);
    return `arn:${partition}:kafka:${region}:${account}:${kind}/${Fn.select(1, parts)}/${Fn.select(2, parts)}/${name}`;
  }
}

/**
 * Partial-batch answers and the limits of retries are for provisioned pollers only; without them Lambda retries for ever by itself, and
 * would take the answer for success. https://docs.aws.amazon.com/lambda/latest/dg/kafka-retry-configurations.html
 */
function settingsFor(pollers: Stage['fanOut']): Partial<CfnEventSourceMappingProps> {
  // A batch that has to be done in one go is small, so that its deliveries fit into the time of the function.
  const batchSize = batchAnswer({ fanOut: pollers }) === 'whole' ? 10 : 100;
  if (pollers.kind === 'on-demand') return { batchSize };
  const { minimumPollers, maximumPollers } = pollers;
  return {
    batchSize,
    maximumRetryAttempts: -1,
    maximumRecordAgeInSeconds: -1,
    functionResponseTypes: ['ReportBatchItemFailures'],
    provisionedPollerConfig: { minimumPollers, maximumPollers },
  };
}
