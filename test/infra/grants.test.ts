import { describe, expect, it } from 'vitest';
import { functionSettings } from '#lib/config/function-settings.ts';
import { quarantineBodyKey } from '#lib/s3/quarantine-bodies.ts';
import type { Stage } from '../../infra/stages.ts';
import { variants } from '../../infra/variants.ts';
import { grantsOf } from './grants-of.ts';
import { readable, resource, resourcesOf, synthesiseStage } from './synthesise.ts';

const logs = (functionId: string): string[] =>
  ['logs:CreateLogStream', 'logs:PutLogEvents'].map((action) => `${action} on ${functionId}Logs`);
const through = (service: string, ...actions: string[]): string[] =>
  actions.map((action) => `kms:${action} on KeysData if kms:ViaService=${service}.eu-central-1.amazonaws.com`);
const storing = ['Decrypt', 'DescribeKey', 'Encrypt', 'GenerateDataKey', 'GenerateDataKeyWithoutPlaintext', 'ReEncryptFrom', 'ReEncryptTo'];
const keepsInQuarantine = [
  's3:PutObject on QuarantineBodies/bodies/*',
  'dynamodb:PutItem on QuarantineIndexTable',
  ...through('s3', 'Decrypt', 'DescribeKey', 'GenerateDataKey'),
  ...through('dynamodb', ...storing),
];
const interfaces = (...actions: string[]): string[] => actions.map((action) => `ec2:${action} on *`);
const ownInterfaces = interfaces(
  'AssignPrivateIpAddresses',
  'CreateNetworkInterface',
  'DeleteNetworkInterface',
  'DescribeNetworkInterfaces',
  'DescribeSubnets',
  'UnassignPrivateIpAddresses',
);

/** Lambda may, in the function's name; the function's own code may not. */
const notForCode = (grants: readonly string[]): string[] => [
  ...grants,
  ...grants.map((grant) => `never ${grant} if lambda:SourceFunctionArn=arn:aws:lambda:eu-central-1:111122223333:function:*`),
];
const inTheVpc = notForCode(ownInterfaces);
const pollersNetwork = notForCode(
  interfaces(
    'CreateNetworkInterface',
    'DeleteNetworkInterface',
    'DescribeNetworkInterfaces',
    'DescribeSecurityGroups',
    'DescribeSubnets',
    'DescribeVpcs',
  ),
);

/** How a variant says what is in its cluster: one that the stack makes by reference, one that is there by its name. */
interface Cluster {
  readonly cluster: string;
  readonly topic: string;
  readonly group: (name: string) => string;
}
function clusterOf(stage: Stage): Cluster {
  const own = stage.kafka.kind === 'provisioned';
  const names = own ? 'part1(ChangesKafkaCluster)/part2(ChangesKafkaCluster)' : 'shared/1a2b3c4d-0000-4000-8000-000000000000-5';
  const within = (kind: string, name: string): string => `arn:aws:kafka:eu-central-1:111122223333:${kind}/${names}/${name}`;
  return {
    cluster: own ? 'ChangesKafkaCluster' : `arn:aws:kafka:eu-central-1:111122223333:cluster/${names}`,
    topic: within('topic', 'identity.changes.v1'),
    group: (name) => within('group', name),
  };
}
const appendsTo = ({ cluster, topic }: Cluster): string[] => [
  `kafka-cluster:Connect on ${cluster}`,
  `kafka-cluster:WriteDataIdempotently on ${cluster}`,
  `kafka-cluster:DescribeTopic on ${topic}`,
  `kafka-cluster:WriteData on ${topic}`,
];
const receives = (...queues: string[]): string[] => [
  ...queues.flatMap((queue) =>
    ['ReceiveMessage', 'DeleteMessage', 'GetQueueAttributes', 'ChangeMessageVisibility'].map((action) => `sqs:${action} on ${queue}`),
  ),
  ...through('sqs', 'Decrypt', 'DescribeKey'),
];

/**
 * The same in every variant, but for what names the cluster, and for the network interfaces of a deliver with fixed addresses. Express
 * brokers, more zones or pollers, names of our own and alarms change nothing.
 */
describe.each(variants())('what a function of $name may touch', ({ stage }) => {
  const template = synthesiseStage(stage);
  const place = clusterOf(stage);
  const { cluster, topic, group } = place;
  const appends = appendsTo(place);

  it('is, for receive-hook: orgs to read, its senders, the quarantine to put into, the topic to append to, the spool to send to', () => {
    expect(grantsOf(template, 'ReceiveHook')).toEqual(
      [
        ...logs('ReceiveHook'),
        ...inTheVpc,
        'dynamodb:GetItem on StoresOrgsTable',
        ...['GetItem', 'PutItem'].map((action) => `dynamodb:${action} on StoresSendersTable`),
        'kms:Decrypt on KeysSecrets if kms:EncryptionContext:purpose=hook-secret',
        ...keepsInQuarantine,
        'sqs:SendMessage on ChangeSpoolQueue',
        ...through('sqs', 'Decrypt', 'DescribeKey', 'GenerateDataKey'),
        ...appends,
      ].sort(),
    );
  });

  it('is, for respool: the spool to receive from, the topic to append to, the quarantine to put into', () => {
    expect(grantsOf(template, 'Respool')).toEqual(
      [...logs('Respool'), ...inTheVpc, ...keepsInQuarantine, ...appends, ...receives('ChangeSpoolQueue')].sort(),
    );
  });

  it('is, for fan-out: the topic to read, subscriptions without their secrets, the queue to send to', () => {
    expect(grantsOf(template, 'FanOut')).toEqual(
      [
        ...logs('FanOut'),
        'dynamodb:Query on StoresSubscriptionsTable',
        ...keepsInQuarantine,
        'sqs:SendMessage on DeliveriesQueue',
        ...through('sqs', 'Decrypt', 'DescribeKey', 'GenerateDataKey'),
        `kafka:DescribeClusterV2 on ${cluster}`,
        `kafka:GetBootstrapBrokers on ${cluster}`,
        `kafka-cluster:Connect on ${cluster}`,
        `kafka-cluster:DescribeClusterDynamicConfiguration on ${cluster}`,
        `kafka-cluster:DescribeTopic on ${topic}`,
        `kafka-cluster:ReadData on ${topic}`,
        `kafka-cluster:AlterGroup on ${group('relay-fan-out')}`,
        `kafka-cluster:DescribeGroup on ${group('relay-fan-out')}`,
        ...pollersNetwork,
      ].sort(),
    );
  });

  it('is, for deliver: deliveries, one subscription at a time, signing secrets, the queue to receive from', () => {
    expect(grantsOf(template, 'Deliver')).toEqual(
      [
        ...logs('Deliver'),
        ...(stage.deliver.staticEgress === undefined ? [] : inTheVpc),
        ...['GetItem', 'Query', 'PutItem', 'UpdateItem', 'DeleteItem'].map((action) => `dynamodb:${action} on StoresLanesTable`),
        'dynamodb:Query on StoresLanesTable/index/byDue',
        ...['GetItem', 'UpdateItem'].flatMap((action) => [
          `dynamodb:${action} on StoresDeliveriesTable`,
          `dynamodb:${action} on StoresStatesTable`,
          `dynamodb:${action} on StoresSubscriptionsTable`,
          `dynamodb:${action} on StoresLimitsTable`,
        ]),
        'kms:Decrypt on KeysSecrets if kms:EncryptionContext:purpose=signing-secret',
        ...keepsInQuarantine,
        ...receives('DeliveriesQueue', 'ReplayDeliveriesQueue'),
      ].sort(),
    );
  });

  it('is, for sweep: lanes that are due, dead letters to read, subscriptions and orgs without their secrets, the queues to send to', () => {
    expect(grantsOf(template, 'Sweep')).toEqual(
      [
        ...logs('Sweep'),
        ...['GetItem', 'Query', 'UpdateItem'].map((action) => `dynamodb:${action} on StoresLanesTable`),
        'dynamodb:Query on StoresLanesTable/index/byDue',
        ...['GetItem', 'BatchGetItem'].map((action) => `dynamodb:${action} on StoresDeliveriesTable`),
        ...['', '/index/byHour', '/index/bySubscription', '/index/byChange', '/index/byUser'].map(
          (index) => `dynamodb:Query on StoresDeliveriesTable${index}`,
        ),
        ...['GetItem', 'Query', 'UpdateItem', 'DeleteItem'].map((action) => `dynamodb:${action} on StoresSubscriptionsTable`),
        'dynamodb:Query on StoresSendersTable',
        'dynamodb:GetItem on StoresOrgsTable',
        ...through('dynamodb', ...storing),
        'sqs:SendMessage on DeliveriesQueue',
        'sqs:SendMessage on ReplayDeliveriesQueue',
        'sqs:SendMessage on FailedInvocationsQueue',
        ...through('sqs', 'Decrypt', 'DescribeKey', 'GenerateDataKey'),
      ].sort(),
    );
  });

  it('is, for admin: to make and list, not to open a secret or a quarantined body', () => {
    expect(grantsOf(template, 'Admin')).toEqual(
      [
        ...logs('Admin'),
        ...['GetItem', 'PutItem', 'Query', 'UpdateItem'].map((action) => `dynamodb:${action} on StoresSubscriptionsTable`),
        ...['GetItem', 'Scan', 'PutItem', 'DeleteItem'].map((action) => `dynamodb:${action} on StoresOrgsTable`),
        ...['GetItem', 'Query', 'DeleteItem'].map((action) => `dynamodb:${action} on StoresSendersTable`),
        ...['GetItem', 'BatchGetItem'].map((action) => `dynamodb:${action} on StoresDeliveriesTable`),
        ...['', '/index/byHour', '/index/bySubscription', '/index/byChange', '/index/byUser'].map(
          (index) => `dynamodb:Query on StoresDeliveriesTable${index}`,
        ),
        ...['', '/index/byDay'].map((index) => `dynamodb:Query on QuarantineIndexTable${index}`),
        ...['GetItem', 'UpdateItem'].map((action) => `dynamodb:${action} on StoresLanesTable`),
        ...['GetItem', 'PutItem', 'Query'].map((action) => `dynamodb:${action} on StoresReplaysTable`),
        ...through('dynamodb', ...storing),
        ...['ReplaysQueue', 'DeliveriesQueue', 'ReplayDeliveriesQueue'].map((queue) => `sqs:SendMessage on ${queue}`),
        ...through('sqs', 'Decrypt', 'DescribeKey', 'GenerateDataKey'),
        ...['signing-secret', 'hook-secret'].map(
          (purpose) => `kms:GenerateDataKey on KeysSecrets if kms:EncryptionContext:purpose=${purpose}`,
        ),
      ].sort(),
    );
  });

  it('is, for replay: the topic to read in groups of its own, a subscription without its secrets, replays, its two queues', () => {
    expect(grantsOf(template, 'Replay')).toEqual(
      [
        ...logs('Replay'),
        ...inTheVpc,
        ...['GetItem', 'UpdateItem'].map((action) => `dynamodb:${action} on StoresReplaysTable`),
        'dynamodb:GetItem on StoresSubscriptionsTable',
        ...through('dynamodb', ...storing),
        `kafka-cluster:Connect on ${cluster}`,
        `kafka-cluster:DescribeTopic on ${topic}`,
        `kafka-cluster:ReadData on ${topic}`,
        `kafka-cluster:AlterGroup on ${group('okta-event-relay-replay-*')}`,
        `kafka-cluster:DescribeGroup on ${group('okta-event-relay-replay-*')}`,
        'sqs:SendMessage on ReplayDeliveriesQueue',
        ...through('sqs', 'GenerateDataKey'),
        ...receives('ReplaysQueue'),
      ].sort(),
    );
  });
  it('is, for cluster-setup: the description of the cluster and of its topics, and the queue of what failed', () => {
    expect(grantsOf(template, 'ClusterSetup')).toEqual(
      [
        ...logs('ClusterSetup'),
        `kafka:GetBootstrapBrokers on ${cluster}`,
        `kafka-cluster:Connect on ${cluster}`,
        ...['kafka:DescribeTopic', 'kafka-cluster:DescribeTopic', 'kafka-cluster:DescribeTopicDynamicConfiguration'].flatMap(
          // MSK's guide asks for both, without saying which it checks for what.
          (action) => [`${action} on ${cluster}`, `${action} on ${topic}`],
        ),
        'sqs:SendMessage on FailedInvocationsQueue',
        ...through('sqs', 'Decrypt', 'DescribeKey', 'GenerateDataKey'),
      ].sort(),
    );
  });

  it('is in a role and one policy of its own, without AWS managed policies, and nobody else has a role of ours', () => {
    const roles = Object.keys(functionSettings).map((name) => `${pascal(name)}Role`);
    for (const name of Object.keys(functionSettings).map(pascal)) {
      const { Properties } = resource(template, 'AWS::IAM::Role', `${name}Role`);
      expect(Properties).not.toHaveProperty('ManagedPolicyArns');
      expect(Properties).not.toHaveProperty('Policies');
      expect(readable(resource(template, 'AWS::Lambda::Function', `${name}Function`).Properties['Role'])).toBe(`${name}Role`);
    }
    const attached = Object.values(resourcesOf(template, 'AWS::IAM::Policy')).flatMap(({ Properties }) =>
      (Properties['Roles'] as unknown[]).map(readable),
    );
    // What is not a function's role belongs to CDK's own: the asker of questions, the flow logs, the emptier of the bucket in dev.
    expect(attached.filter((role) => roles.includes(role)).sort()).toEqual(roles.toSorted());
  });
});

it('names the bodies of the quarantine as the code does', () => {
  expect(quarantineBodyKey('some-id')).toBe('bodies/some-id');
});

function pascal(name: string): string {
  return name.replaceAll(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase());
}
