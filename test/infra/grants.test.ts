import { describe, expect, it } from 'vitest';
import { functionSettings } from '#lib/config/function-settings.ts';
import { quarantineBodyKey } from '#lib/s3/quarantine-bodies.ts';
import { readable, resource, synthesise } from './synthesise.ts';

const template = synthesise('prod', 'standard');

/** "Effect action on resource, if condition" for everything that a function's role says. */
function grantsOf(functionId: string): string[] {
  const { Properties } = resource(template, 'AWS::IAM::Policy', `${functionId}RoleDefaultPolicy`);
  const statements = Properties['PolicyDocument'].Statement as {
    Effect: string;
    Action: unknown;
    Resource: unknown;
    Condition?: Record<string, Record<string, unknown>>;
  }[];
  return statements
    .flatMap(({ Effect, Action, Resource, Condition = {} }) => {
      const conditions = Object.values(Condition).flatMap((test) =>
        Object.entries(test).map(([key, value]) => `${key}=${readable(value)}`),
      );
      const given = conditions.length === 0 ? '' : ` if ${conditions.join(' and ')}`;
      return [Action]
        .flat()
        .flatMap((action) =>
          [Resource].flat().map((on) => `${Effect === 'Allow' ? '' : 'never '}${String(action)} on ${readable(on)}${given}`),
        );
    })
    .sort();
}

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
const cluster = 'ChangesKafkaCluster';
const inCluster = (kind: string, name: string): string =>
  `arn:aws:kafka:eu-central-1:111122223333:${kind}/part1(${cluster})/part2(${cluster})/${name}`;
const interfaces = (...actions: string[]): string[] => actions.map((action) => `ec2:${action} on *`);
const ownInterfaces = interfaces(
  'AssignPrivateIpAddresses',
  'CreateNetworkInterface',
  'DeleteNetworkInterface',
  'DescribeNetworkInterfaces',
  'DescribeSubnets',
  'UnassignPrivateIpAddresses',
);

const inTheVpc = [
  ...ownInterfaces,
  ...ownInterfaces.map((grant) => `never ${grant} if lambda:SourceFunctionArn=arn:aws:lambda:eu-central-1:111122223333:function:*`),
];
const appends = [
  `kafka-cluster:Connect on ${cluster}`,
  `kafka-cluster:WriteDataIdempotently on ${cluster}`,
  `kafka-cluster:DescribeTopic on ${inCluster('topic', 'identity.changes.v1')}`,
  `kafka-cluster:WriteData on ${inCluster('topic', 'identity.changes.v1')}`,
];
const receives = (...queues: string[]): string[] => [
  ...queues.flatMap((queue) =>
    ['ReceiveMessage', 'DeleteMessage', 'GetQueueAttributes', 'ChangeMessageVisibility'].map((action) => `sqs:${action} on ${queue}`),
  ),
  ...through('sqs', 'Decrypt', 'DescribeKey'),
];

describe('what a function may touch', () => {
  it('is, for receive-hook: orgs to read, its senders, the quarantine to put into, the topic to append to, the spool to send to', () => {
    expect(grantsOf('ReceiveHook')).toEqual(
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
    expect(grantsOf('Respool')).toEqual(
      [...logs('Respool'), ...inTheVpc, ...keepsInQuarantine, ...appends, ...receives('ChangeSpoolQueue')].sort(),
    );
  });

  it('is, for fan-out: the topic to read, subscriptions without their secrets, the queue to send to', () => {
    expect(grantsOf('FanOut')).toEqual(
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
        `kafka-cluster:DescribeTopic on ${inCluster('topic', 'identity.changes.v1')}`,
        `kafka-cluster:ReadData on ${inCluster('topic', 'identity.changes.v1')}`,
        `kafka-cluster:AlterGroup on ${inCluster('group', 'relay-fan-out')}`,
        `kafka-cluster:DescribeGroup on ${inCluster('group', 'relay-fan-out')}`,
        ...interfaces(
          'CreateNetworkInterface',
          'DeleteNetworkInterface',
          'DescribeNetworkInterfaces',
          'DescribeSecurityGroups',
          'DescribeSubnets',
          'DescribeVpcs',
        ),
      ].sort(),
    );
  });

  it('is, for deliver: deliveries, one subscription at a time, signing secrets, the queue to receive from', () => {
    expect(grantsOf('Deliver')).toEqual(
      [
        ...logs('Deliver'),
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

  it('is, for sweep: lanes that are due, dead letters to read, subscriptions without their secrets, the queues to send to', () => {
    expect(grantsOf('Sweep')).toEqual(
      [
        ...logs('Sweep'),
        ...['GetItem', 'Query', 'UpdateItem'].map((action) => `dynamodb:${action} on StoresLanesTable`),
        'dynamodb:Query on StoresLanesTable/index/byDue',
        ...['GetItem', 'BatchGetItem'].map((action) => `dynamodb:${action} on StoresDeliveriesTable`),
        ...['', '/index/byHour', '/index/bySubscription', '/index/byChange', '/index/byUser'].map(
          (index) => `dynamodb:Query on StoresDeliveriesTable${index}`,
        ),
        ...['GetItem', 'Query', 'UpdateItem', 'DeleteItem'].map((action) => `dynamodb:${action} on StoresSubscriptionsTable`),
        ...through('dynamodb', ...storing),
        'sqs:SendMessage on DeliveriesQueue',
        'sqs:SendMessage on ReplayDeliveriesQueue',
        'sqs:SendMessage on FailedInvocationsQueue',
        ...through('sqs', 'Decrypt', 'DescribeKey', 'GenerateDataKey'),
      ].sort(),
    );
  });

  it('is, for admin: to make and list, not to open a secret or a quarantined body', () => {
    expect(grantsOf('Admin')).toEqual(
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
    expect(grantsOf('Replay')).toEqual(
      [
        ...logs('Replay'),
        ...inTheVpc,
        ...['GetItem', 'UpdateItem'].map((action) => `dynamodb:${action} on StoresReplaysTable`),
        'dynamodb:GetItem on StoresSubscriptionsTable',
        ...through('dynamodb', ...storing),
        `kafka-cluster:Connect on ${cluster}`,
        `kafka-cluster:DescribeTopic on ${inCluster('topic', 'identity.changes.v1')}`,
        `kafka-cluster:ReadData on ${inCluster('topic', 'identity.changes.v1')}`,
        `kafka-cluster:AlterGroup on ${inCluster('group', 'okta-event-relay-replay-*')}`,
        `kafka-cluster:DescribeGroup on ${inCluster('group', 'okta-event-relay-replay-*')}`,
        'sqs:SendMessage on ReplayDeliveriesQueue',
        ...through('sqs', 'GenerateDataKey'),
        ...receives('ReplaysQueue'),
      ].sort(),
    );
  });
});

describe('what cluster-setup may touch', () => {
  it('is the description of the cluster and of its topics, and the queue of what failed', () => {
    expect(grantsOf('ClusterSetup')).toEqual(
      [
        ...logs('ClusterSetup'),
        `kafka:GetBootstrapBrokers on ${cluster}`,
        `kafka-cluster:Connect on ${cluster}`,
        ...['kafka:DescribeTopic', 'kafka-cluster:DescribeTopic', 'kafka-cluster:DescribeTopicDynamicConfiguration'].map(
          (action) => `${action} on ${inCluster('topic', 'identity.changes.v1')}`,
        ),
        'sqs:SendMessage on FailedInvocationsQueue',
        ...through('sqs', 'Decrypt', 'DescribeKey', 'GenerateDataKey'),
      ].sort(),
    );
  });
});

it('names the bodies of the quarantine as the code does', () => {
  expect(quarantineBodyKey('some-id')).toBe('bodies/some-id');
});

it('gives each function a role of its own, without AWS managed policies', () => {
  for (const name of Object.keys(functionSettings).map(pascal)) {
    const { Properties } = resource(template, 'AWS::IAM::Role', `${name}Role`);
    expect(Properties).not.toHaveProperty('ManagedPolicyArns');
    expect(readable(resource(template, 'AWS::Lambda::Function', `${name}Function`).Properties['Role'])).toBe(`${name}Role`);
  }
});

function pascal(name: string): string {
  return name.replaceAll(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase());
}
