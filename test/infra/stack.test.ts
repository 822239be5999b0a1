import type { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { type FunctionName, functionSettings } from '#lib/config/function-settings.ts';
import { routes } from '#lib/admin/routes.ts';
import { expectedTopicSchema } from '#lib/deployment/deployment-request.ts';
import { tables } from '#lib/dynamodb/tables.ts';
import { topics } from '#lib/kafka/topics.ts';
import { quarantineRetentionDays } from '#lib/quarantine/quarantine.ts';
import { queues } from '#lib/sqs/queues.ts';
import { kafkaModes } from '../../infra/kafka-modes.ts';
import { readStage, type Stage, stageNames } from '../../infra/stages.ts';
import { variants } from '../../infra/variants.ts';
import { type Json, readable, resource, resourcesOf, synthesise, synthesiseStage } from './synthesise.ts';

const dev = synthesise('dev');
const prod = synthesise('prod');

/** Called by CloudFormation and by a schedule; everything else by a caller, a queue or the log, each of which tries again. */
const asynchronous: readonly FunctionName[] = ['cluster-setup', 'sweep'];

const properties = (all: ReturnType<typeof resourcesOf>) => Object.values(all).map(({ Properties }) => Properties);

describe('the functions', () => {
  it('run on Node 24 and arm64, and only what talks to the brokers is in the VPC', () => {
    const own = Object.entries(resourcesOf(prod, 'AWS::Lambda::Function')).filter(([id]) =>
      Object.keys(functionSettings).some((name) => id.startsWith(`${pascal(name)}Function`)),
    );
    expect(own).toHaveLength(Object.keys(functionSettings).length);
    for (const [id, { Properties }] of own) {
      expect(Properties).toMatchObject({ Runtime: 'nodejs24.x', Architectures: ['arm64'] });
      expect(Properties['VpcConfig'] !== undefined, id).toBe(/^(ReceiveHook|Respool|Replay)/.test(id));
    }
  });

  it('let one subscription ask for half of deliver', () => {
    const settings = [dev, prod].map((template) => resource(template, 'AWS::Lambda::Function', 'AdminFunction').Properties['Environment']);
    expect(settings.map(({ Variables }: Json) => Variables['MAX_CONCURRENCY_PER_SUBSCRIPTION'] as string)).toEqual(['12', '100']);
  });

  it('have no secret in their environment', () => {
    for (const { Environment } of properties(resourcesOf(prod, 'AWS::Lambda::Function'))) {
      const names = Object.keys((Environment?.Variables ?? {}) as object);
      expect(names.filter((name) => /SECRET|TOKEN|PASSWORD|CREDENTIAL/.test(name) && name !== 'SECRETS_KEY_ID')).toEqual([]);
    }
  });

  it('that are invoked asynchronously leave what failed for good in a queue; the others are never invoked so', () => {
    const withDeadLetters = Object.entries(resourcesOf(prod, 'AWS::Lambda::Function'))
      .filter(([, { Properties }]) => Properties['DeadLetterConfig'] !== undefined)
      .map(([id, { Properties }]) => [id.replace(/Function.*/, ''), readable(Properties['DeadLetterConfig'].TargetArn)]);
    expect(withDeadLetters.sort()).toEqual(asynchronous.map((name) => [pascal(name), 'FailedInvocationsQueue']).sort());
  });

  it('take, in prod, 200 hook requests at a time, and in dev as many as the account has room for', () => {
    const reserved = [dev, prod].map(
      (template) => resource(template, 'AWS::Lambda::Function', 'ReceiveHookFunction').Properties['ReservedConcurrentExecutions'],
    );
    expect(reserved).toEqual([undefined, 200]);
  });

  it('are kept warm in prod behind an alias, and not in dev', () => {
    expect(resource(prod, 'AWS::Lambda::Alias').Properties['ProvisionedConcurrencyConfig']).toEqual({ ProvisionedConcurrentExecutions: 2 });
    expect(readable(resource(prod, 'AWS::ApiGatewayV2::Integration', 'FrontDoorHooksApi').Properties['IntegrationUri'])).toBe(
      'ReceiveHookFunctionLive',
    );
    expect(resourcesOf(dev, 'AWS::Lambda::Alias')).toEqual({});
  });
});

describe('the HTTP API', () => {
  it('lets everyone ask receive-hook, and of admin the public keys alone; all else of it takes IAM callers', () => {
    const deployed = properties(resourcesOf(prod, 'AWS::ApiGatewayV2::Route')).map(({ RouteKey, AuthorizationType }) => [
      RouteKey,
      AuthorizationType,
    ]);
    expect(deployed.sort()).toEqual([
      ['ANY /okta/{orgId}/{proxy+}', 'NONE'],
      ['ANY /v1/{proxy+}', 'AWS_IAM'],
      ...routes.filter(({ open }) => open === true).map(({ method, path }) => [`${method} ${path}`, 'NONE']),
    ]);
    expect(deployed).toContainEqual(['GET /v1/subscriptions/{id}/jwks.json', 'NONE']);
  });

  it('throttles the admin API and never Okta, to whom a 429 is final', () => {
    expect(resource(prod, 'AWS::ApiGatewayV2::Stage', 'FrontDoorHooks').Properties).not.toHaveProperty('DefaultRouteSettings');
    expect(resource(prod, 'AWS::ApiGatewayV2::Stage', 'FrontDoorAdmin').Properties['DefaultRouteSettings']).toEqual({
      ThrottlingRateLimit: 50,
      ThrottlingBurstLimit: 100,
    });
    expect(resource(prod, 'AWS::ApiGatewayV2::Stage', 'FrontDoorHooks').Properties).not.toHaveProperty('RouteSettings');
  });

  it('throttles what is open to everybody by itself, below the rest, once the route is there', () => {
    const stage = resource(prod, 'AWS::ApiGatewayV2::Stage', 'FrontDoorAdmin');
    expect(stage.Properties['RouteSettings']).toEqual({
      'GET /v1/subscriptions/{id}/jwks.json': { ThrottlingRateLimit: 10, ThrottlingBurstLimit: 20 },
    });
    const open = Object.entries(resourcesOf(prod, 'AWS::ApiGatewayV2::Route'))
      .filter(([name, { Properties }]) => name.startsWith('FrontDoorAdmin') && Properties['AuthorizationType'] === 'NONE')
      .map(([name]) => name);
    expect(open).toHaveLength(1);
    expect(stage.DependsOn).toEqual(expect.arrayContaining(open));
  });

  it('logs accesses at both doors without headers, queries and bodies, as JSON', () => {
    const stages = properties(resourcesOf(prod, 'AWS::ApiGatewayV2::Stage'));
    expect(stages).toHaveLength(2);
    for (const { AccessLogSettings } of stages) {
      const format = AccessLogSettings.Format as string;
      expect(Object.values(JSON.parse(format) as object).every((value) => /^\$context\.[\w.]+$/.test(String(value)))).toBe(true);
      expect(format).not.toMatch(/header|query|body|authorizer|messageString/i);
    }
  });

  it('has, with names of our own, its other addresses closed, and asks for client certificates at the door of the admin alone', () => {
    const everything = synthesiseStage(variantNamed('prod-everything'));
    const apis = properties(resourcesOf(everything, 'AWS::ApiGatewayV2::Api'));
    expect(apis.map(({ DisableExecuteApiEndpoint }) => DisableExecuteApiEndpoint as boolean)).toEqual([true, true]);
    const names = properties(resourcesOf(everything, 'AWS::ApiGatewayV2::DomainName'));
    expect(
      Object.fromEntries(names.map(({ DomainName, MutualTlsAuthentication }) => [DomainName, MutualTlsAuthentication !== undefined])),
    ).toEqual({
      'hooks.example.com': false,
      'admin.example.com': true,
    });
    for (const api of properties(resourcesOf(prod, 'AWS::ApiGatewayV2::Api'))) expect(api['DisableExecuteApiEndpoint']).not.toBe(true);
  });
});

describe('the event source mapping of the change log', () => {
  const mappingOf = (template: Template) => resource(template, 'AWS::Lambda::EventSourceMapping', 'FanOutChanges').Properties;
  const { Properties, DependsOn } = resource(prod, 'AWS::Lambda::EventSourceMapping', 'FanOutChanges');

  it('retries for ever and splits nothing', () => {
    expect(Properties).toMatchObject({ MaximumRetryAttempts: -1, MaximumRecordAgeInSeconds: -1 });
    // Lambda's default, and not said: of Kafka's mappings its documents disagree on whether they may say it.
    expect(Properties).not.toHaveProperty('BisectBatchOnFunctionError');
  });

  it.each(variants())(
    'reads, in $name, the topic from its beginning, in the group that the role may use, and drops nothing',
    ({ stage }) => {
      const template = synthesiseStage(stage);
      const mapping = resource(template, 'AWS::Lambda::EventSourceMapping', 'FanOutChanges').Properties;
      expect(mapping['StartingPosition']).toBe('TRIM_HORIZON');
      expect(mapping['Topics']).toEqual(['identity.changes.v1']);
      expect(mapping).not.toHaveProperty('DestinationConfig');
      const { ConsumerGroupId: group } = mapping['AmazonManagedKafkaEventSourceConfig'] as { ConsumerGroupId: string };
      const statements = resource(template, 'AWS::IAM::Policy', 'FanOutRoleDefaultPolicy').Properties['PolicyDocument'].Statement as Json[];
      const granted = statements.filter(({ Action }) => [Action].flat().includes('kafka-cluster:AlterGroup'));
      expect(granted.map(({ Resource }) => readable(Resource).split('/').at(-1))).toEqual([group]);
    },
  );

  /** What the function says, and whether its pollers understand it: one without the other loses changes, or asks for batches for ever. */
  it.each(variants())('has, in $name, pollers that understand what the function answers', ({ stage }) => {
    const template = synthesiseStage(stage);
    const mapping = mappingOf(template);
    const { Variables } = resource(template, 'AWS::Lambda::Function', 'FanOutFunction').Properties['Environment'];
    const partitions = Variables.BATCH_ANSWER === 'partitions';
    expect(Variables.BATCH_ANSWER).toBe(partitions ? 'partitions' : 'whole');
    expect(mapping['FunctionResponseTypes']).toEqual(partitions ? ['ReportBatchItemFailures'] : undefined);
    expect(mapping['ProvisionedPollerConfig'] !== undefined).toBe(partitions);
  });

  it('goes from one kind of pollers to the other, and back, in two deployments, in none of which named partitions can meet pollers on demand', () => {
    const pollers = { kind: 'provisioned', minimumPollers: 1, maximumPollers: 12 } as const;
    const steps: Stage['fanOut'][] = [{ kind: 'on-demand' }, { ...pollers, answer: 'whole' }, { ...pollers, answer: 'partitions' }];
    const deployed = steps.map((fanOut) => {
      const template = synthesiseStage({ ...readStage('prod'), fanOut });
      const { Variables } = resource(template, 'AWS::Lambda::Function', 'FanOutFunction').Properties['Environment'];
      return { answer: Variables.BATCH_ANSWER as string, mapping: mappingOf(template) };
    });
    expect(deployed.map(({ answer }) => answer)).toEqual(['whole', 'whole', 'partitions']);
    // CloudFormation updates function and mapping one after the other, so that each is met by the other one of the step before or after.
    for (const [at, step] of deployed.entries())
      for (const other of deployed.slice(Math.max(0, at - 1), at + 2))
        if (step.answer === 'partitions') {
          expect(other.mapping['FunctionResponseTypes']).toEqual(['ReportBatchItemFailures']);
          expect(other.mapping['ProvisionedPollerConfig']).toBeDefined();
        }
    // What has to be done in one go is small, whoever brings it.
    expect(deployed.map(({ mapping }) => mapping['BatchSize'])).toEqual([10, 10, 100]);
  });

  it('has, in prod, pollers of its own, no more than the topic has partitions', () => {
    expect(Properties['ProvisionedPollerConfig']).toEqual({ MinimumPollers: 1, MaximumPollers: 12 });
    expect(topics['identity.changes.v1'].partitions).toBe(12);
    expect(Properties['BatchSize']).toBe(100);
  });

  it('has, in dev, pollers on demand: small batches, and none of the limits that only provisioned ones know', () => {
    const mapping = resource(dev, 'AWS::Lambda::EventSourceMapping', 'FanOutChanges');
    expect(Object.keys(mapping.Properties).sort()).toEqual([
      'AmazonManagedKafkaEventSourceConfig',
      'BatchSize',
      'EventSourceArn',
      'FunctionName',
      'StartingPosition',
      'Topics',
    ]);
    expect(mapping.Properties['BatchSize']).toBe(10);
    for (const way of ['NetworkLambda', 'NetworkSts'])
      expect(
        mapping.DependsOn?.some((id) => id.startsWith(way)),
        way,
      ).toBe(true);
  });

  it('is made after the topic and the permissions', () => {
    expect(DependsOn?.some((id) => id.startsWith('ChangesTopics'))).toBe(true);
    expect(DependsOn?.some((id) => id.startsWith('FanOutRoleDefaultPolicy'))).toBe(true);
  });
});

describe('the deliveries queue', () => {
  const queue = resource(prod, 'AWS::SQS::Queue', 'DeliveriesQueue').Properties;

  it('is high-throughput FIFO, keeps messages 14 days and leads to dead letters far above our own ten attempts', () => {
    expect(queue).toMatchObject({
      FifoQueue: true,
      DeduplicationScope: 'messageGroup',
      FifoThroughputLimit: 'perMessageGroupId',
      MessageRetentionPeriod: 1_209_600,
      RedrivePolicy: { maxReceiveCount: 1_000 },
    });
    expect(readable(queue['RedrivePolicy'].deadLetterTargetArn)).toBe('DeliveriesDeadLetters');
  });

  it('hides a message for six times what the function may take', () => {
    expect(queue['VisibilityTimeout']).toBeGreaterThanOrEqual(6 * functionSettings.deliver.timeoutSeconds);
    expect(functionSettings.deliver.timeoutSeconds).toBe(queues.deliveries.functionTimeoutSeconds);
    expect(resource(prod, 'AWS::Lambda::Function', 'DeliverFunction').Properties['Timeout']).toBe(queues.deliveries.functionTimeoutSeconds);
  });

  it('hands over ten at most, each of which settles by itself', () => {
    expect(resource(prod, 'AWS::Lambda::EventSourceMapping', 'DeliverMessages').Properties).toMatchObject({
      BatchSize: 10,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      ScalingConfig: { MaximumConcurrency: 200 },
    });
  });
});

describe('the change spool', () => {
  const queue = resource(prod, 'AWS::SQS::Queue', 'ChangeSpoolQueue').Properties;

  it('is high-throughput FIFO, keeps changes 14 days and never gives one up to dead letters', () => {
    expect(queue).toMatchObject({
      FifoQueue: true,
      DeduplicationScope: 'messageGroup',
      FifoThroughputLimit: 'perMessageGroupId',
      MessageRetentionPeriod: 1_209_600,
    });
    expect(queue).not.toHaveProperty('RedrivePolicy');
  });

  it('hides a message for six times what respool may take', () => {
    expect(queue['VisibilityTimeout']).toBeGreaterThanOrEqual(6 * functionSettings.respool.timeoutSeconds);
    expect(functionSettings.respool.timeoutSeconds).toBe(queues.changeSpool.functionTimeoutSeconds);
    expect(resource(prod, 'AWS::Lambda::EventSourceMapping', 'RespoolMessages').Properties).toMatchObject({
      BatchSize: 10,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
    });
  });
});

describe('the queues of replays', () => {
  const replays = resource(prod, 'AWS::SQS::Queue', 'ReplaysQueue').Properties;
  const deliveries = resource(prod, 'AWS::SQS::Queue', 'ReplayDeliveriesQueue').Properties;

  it('never give a replay up to dead letters: each turn of a long one is a receive', () => {
    expect(replays).toMatchObject({ FifoQueue: true, MessageRetentionPeriod: 1_209_600 });
    expect(replays).not.toHaveProperty('RedrivePolicy');
    expect(resource(prod, 'AWS::Lambda::EventSourceMapping', 'ReplayMessages').Properties).toMatchObject({
      BatchSize: 1,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
    });
  });

  it('hide messages for six times what their functions may take', () => {
    expect(replays['VisibilityTimeout']).toBeGreaterThanOrEqual(6 * functionSettings.replay.timeoutSeconds);
    expect(functionSettings.replay.timeoutSeconds).toBe(queues.replays.functionTimeoutSeconds);
    expect(deliveries['VisibilityTimeout']).toBeGreaterThanOrEqual(6 * functionSettings.deliver.timeoutSeconds);
    expect(functionSettings.deliver.timeoutSeconds).toBe(queues.replayDeliveries.functionTimeoutSeconds);
  });

  it('bring what is sent again to deliver beside the live deliveries, a bounded number at a time', () => {
    const { Properties } = resource(prod, 'AWS::Lambda::EventSourceMapping', 'DeliverReplayedMessages');
    expect(Properties).toMatchObject({ BatchSize: 10, ScalingConfig: { MaximumConcurrency: 20 } });
    expect(readable(Properties['EventSourceArn'])).toBe('ReplayDeliveriesQueue');
  });
});

describe('what is stored', () => {
  it.each(Object.entries(tables))('has table %s as the definition says, restorable and under our key', (name, definition) => {
    const prefix = name === 'quarantine' ? 'QuarantineIndexTable' : `Stores${name[0]!.toUpperCase()}${name.slice(1)}Table`;
    const { Properties } = resource(prod, 'AWS::DynamoDB::Table', prefix);
    const sortKey = 'sortKey' in definition ? [{ AttributeName: definition.sortKey, KeyType: 'RANGE' }] : [];
    expect(Properties['KeySchema']).toEqual([{ AttributeName: definition.partitionKey, KeyType: 'HASH' }, ...sortKey]);
    expect(
      (Properties['GlobalSecondaryIndexes'] ?? []).map(({ IndexName, Projection }: Json) => [IndexName, Projection.ProjectionType]),
    ).toEqual(definition.indexes.map((index) => [index.name, index.projection]));
    expect(Properties['TimeToLiveSpecification']?.AttributeName).toBe('ttlAttribute' in definition ? definition.ttlAttribute : undefined);
    expect(Properties).toMatchObject({
      BillingMode: 'PAY_PER_REQUEST',
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
    });
    expect(readable(Properties['SSESpecification'].KMSMasterKeyId)).toBe('KeysData');
  });

  it('is in a bucket that is closed to the public and to plain HTTP, and ends when the index does', () => {
    const { Properties } = resource(prod, 'AWS::S3::Bucket');
    expect(Properties['PublicAccessBlockConfiguration']).toEqual({
      BlockPublicAcls: true,
      BlockPublicPolicy: true,
      IgnorePublicAcls: true,
      RestrictPublicBuckets: true,
    });
    expect(Properties['BucketEncryption'].ServerSideEncryptionConfiguration[0].ServerSideEncryptionByDefault.SSEAlgorithm).toBe('aws:kms');
    expect(Properties['LifecycleConfiguration'].Rules[0]).toMatchObject({ ExpirationInDays: quarantineRetentionDays, Status: 'Enabled' });
    const denied = resource(prod, 'AWS::S3::BucketPolicy').Properties['PolicyDocument'].Statement.filter(
      ({ Effect }: Json) => Effect === 'Deny',
    );
    expect(denied.map(({ Condition }: Json) => Condition)).toEqual([
      { Bool: { 'aws:SecureTransport': 'false' } },
      { NumericLessThan: { 's3:TlsVersion': 1.2 } },
    ]);
  });

  it.each(stageNames)('is encrypted with our keys, which rotate, everywhere in %s', (name) => {
    const template = synthesise(name);
    for (const key of properties(resourcesOf(template, 'AWS::KMS::Key'))) expect(key['EnableKeyRotation']).toBe(true);
    for (const queue of properties(resourcesOf(template, 'AWS::SQS::Queue'))) expect(readable(queue['KmsMasterKeyId'])).toBe('KeysData');
    for (const log of properties(resourcesOf(template, 'AWS::Logs::LogGroup'))) {
      expect(readable(log['KmsKeyId'])).toBe('KeysData');
      expect(log['RetentionInDays']).toBeGreaterThan(0);
    }
    expect(readable(resource(template, 'AWS::MSK::Cluster').Properties['EncryptionInfo'].EncryptionAtRest.DataVolumeKMSKeyId)).toBe(
      'KeysData',
    );
  });

  it('outlives the stack in prod and goes with it in dev', () => {
    for (const type of [
      'AWS::DynamoDB::Table',
      'AWS::S3::Bucket',
      'AWS::SQS::Queue',
      'AWS::KMS::Key',
      'AWS::MSK::Cluster',
      'AWS::Logs::LogGroup',
    ]) {
      expect(new Set(Object.values(resourcesOf(prod, type)).map(({ DeletionPolicy }) => DeletionPolicy)), type).toEqual(
        new Set(['Retain']),
      );
      expect(new Set(Object.values(resourcesOf(dev, type)).map(({ DeletionPolicy }) => DeletionPolicy)), type).toEqual(new Set(['Delete']));
    }
  });
});

describe('the schedule of sweep', () => {
  it('ticks as often as sweep is told, and leaves in a queue what it could not hand over', () => {
    const { Properties } = resource(prod, 'AWS::Events::Rule');
    expect(Properties['ScheduleExpression']).toBe('rate(1 minute)');
    const [target] = Properties['Targets'] as Json[];
    expect(readable(target.Arn)).toBe('SweepFunction');
    expect(readable(target.DeadLetterConfig.Arn)).toBe('FailedInvocationsQueue');
    expect(resource(prod, 'AWS::Lambda::Function', 'SweepFunction').Properties['Environment'].Variables.SWEEP_INTERVAL_MS).toBe('60000');
    expect(functionSettings.sweep.timeoutSeconds).toBeLessThanOrEqual(60);
  });

  it('leaves a minute that Lambda has not taken to the next one, and a call that failed to the two repeats of Lambda', () => {
    const [target] = resource(prod, 'AWS::Events::Rule').Properties['Targets'] as Json[];
    expect(target.RetryPolicy).toEqual({ MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 60 });
    expect(properties(resourcesOf(prod, 'AWS::Lambda::EventInvokeConfig'))).toEqual([]);
  });
});

describe('the cluster as the deployment sees it', () => {
  const cluster = resource(prod, 'Custom::Cluster');

  it('is described by cluster-setup, once the topics and the permissions are there, and CloudFormation does not wait an hour', () => {
    expect(readable(cluster.Properties['ServiceToken'])).toBe('ClusterSetupFunction');
    expect(cluster.DependsOn?.some((id) => id.startsWith('ChangesTopics'))).toBe(true);
    expect(cluster.DependsOn?.some((id) => id.startsWith('ClusterSetupRoleDefaultPolicy'))).toBe(true);
    const lambdaRepeatsSeconds = 60 + 120;
    expect(Number(cluster.Properties['ServiceTimeout'])).toBeGreaterThan(
      3 * functionSettings['cluster-setup'].timeoutSeconds + lambdaRepeatsSeconds,
    );
  });

  it.each(['standard', 'express', 'existing-ready'])('is expected, as %s, to have the topics that the code has', (mode) => {
    const { Topics } = resource(synthesise('prod', mode), 'Custom::Cluster').Properties;
    const expected = z.array(expectedTopicSchema).parse(JSON.parse(Topics as string));
    expect(
      expected.map(({ name, partitions, replication, settings }) => [name, partitions, replication, settings['retention.ms']]),
    ).toEqual(
      Object.entries(topics).map(([name, { partitions, replication, retentionMs }]) => [
        name,
        partitions,
        replication,
        String(retentionMs),
      ]),
    );
  });

  it('gives the functions its brokers', () => {
    const { Variables } = resource(prod, 'AWS::Lambda::Function', 'ReceiveHookFunction').Properties['Environment'];
    expect(readable(Variables.KAFKA_BROKERS)).toBe('ChangesSetupCluster');
  });

  // The brokers' addresses come when it is deployed and are not in the template, so that nothing else in it tells two clusters apart.
  it('is asked again, and receive-hook published anew, when the stage names another cluster or another size, and only then', () => {
    const existing = variantNamed('prod-existing');
    const provisioned = variantNamed('prod-express');
    if (existing.kafka.kind !== 'existing' || provisioned.kafka.kind !== 'provisioned') throw new Error('the variants are other ones');
    const clusterArn = 'arn:aws:kafka:eu-central-1:111122223333:cluster/other/9f8e7d6c-0000-4000-8000-000000000000-5';
    const pairs: [Stage, Stage][] = [
      [existing, { ...existing, kafka: { ...existing.kafka, clusterArn } }],
      [provisioned, { ...provisioned, kafka: { ...provisioned.kafka, brokersPerZone: 2 } }],
      [provisioned, { ...provisioned, kafka: { ...provisioned.kafka, brokers: { kind: 'express', instanceType: 'express.m7g.2xlarge' } } }],
    ];
    const settled = (stage: Stage): { version: string; asked: unknown } => {
      const template = synthesiseStage(stage);
      const [version = '', ...others] = Object.keys(resourcesOf(template, 'AWS::Lambda::Version'));
      expect(others).toEqual([]);
      return { version, asked: resource(template, 'Custom::Cluster').Properties['AskAgainWhen'] as unknown };
    };
    for (const [before, after] of pairs) {
      expect(settled(after).version).not.toBe(settled(before).version);
      expect(settled(after).asked).not.toBe(settled(before).asked);
    }
    expect(settled({ ...existing, logRetentionDays: 30 })).toEqual(settled(existing));
  });
});

describe('Kafka', () => {
  it.each(variants().filter(({ stage }) => stage.kafka.kind === 'provisioned'))(
    'has, in $name, the version in which MSK has such brokers: t3.small with ZooKeeper alone, Express without it alone',
    ({ stage }) => {
      const { KafkaVersion, BrokerNodeGroupInfo } = resource(synthesiseStage(stage), 'AWS::MSK::Cluster').Properties;
      expect(KafkaVersion).toBe(BrokerNodeGroupInfo.InstanceType === 'kafka.t3.small' ? '3.9.x' : '3.9.x.kraft');
    },
  );

  it('of our own takes TLS and IAM alone, over three zones', () => {
    const { Properties } = resource(dev, 'AWS::MSK::Cluster');
    expect(Properties).toMatchObject({
      NumberOfBrokerNodes: 3,
      ClientAuthentication: { Sasl: { Iam: { Enabled: true } }, Unauthenticated: { Enabled: false } },
      EncryptionInfo: { EncryptionInTransit: { ClientBroker: 'TLS', InCluster: true } },
      BrokerNodeGroupInfo: { ConnectivityInfo: { PublicAccess: { Type: 'DISABLED' } } },
    });
  });

  it.each(Object.keys(kafkaModes).filter((mode) => mode !== 'existing-ready'))(
    'gets the topic as %s, which stays when the stack goes',
    (mode) => {
      const topic = resource(synthesise('dev', mode), 'AWS::MSK::Topic');
      const definition = topics['identity.changes.v1'];
      // Gone only with the deployment that makes it, when that is rolled back.
      expect(topic).toMatchObject({ DeletionPolicy: 'RetainExceptOnCreate', UpdateReplacePolicy: 'Retain' });
      expect(topic.Properties).toMatchObject({
        TopicName: 'identity.changes.v1',
        PartitionCount: definition.partitions,
        ReplicationFactor: definition.replication,
      });
      const lines = Buffer.from(topic.Properties['Configs'] as string, 'base64')
        .toString()
        .split('\n');
      expect(lines).toContain('retention.ms=604800000');
      expect(lines.includes('min.insync.replicas=2'), 'Express brokers refuse to be told').toBe(mode !== 'express');
      expect(lines.includes('unclean.leader.election.enable=false')).toBe(mode !== 'express');
    },
  );

  it('that is there already is left as it is, but for rules that let the relay in', () => {
    const template = synthesise('prod', 'existing-ready');
    for (const type of ['AWS::MSK::Cluster', 'AWS::MSK::Topic', 'AWS::EC2::VPC', 'AWS::EC2::Subnet', 'AWS::EC2::VPCEndpoint']) {
      expect(resourcesOf(template, type), type).toEqual({});
    }
    const rules = properties(resourcesOf(template, 'AWS::EC2::SecurityGroupIngress'));
    expect(rules.map(({ GroupId, FromPort, ToPort }) => [GroupId, FromPort, ToPort])).toEqual(
      Array(2).fill(['sg-0123456789abcdef0', 9098, 9098]),
    );
  });
});

describe('allowed ranges of hooks', () => {
  it.each([
    ['prod', ''],
    ['prod-everything', '192.0.2.0/24,2001:db8::/32'],
  ])('reach, in %s, the function that checks them', (name, expected) => {
    const { Variables } = resource(synthesiseStage(variantNamed(name)), 'AWS::Lambda::Function', 'ReceiveHookFunction').Properties[
      'Environment'
    ];
    expect(Variables.ALLOWED_HOOK_RANGES).toBe(expected);
  });
});

describe('static egress', () => {
  const everything = synthesiseStage(variantNamed('prod-everything'));

  it('gives deliver fixed addresses in a network of its own, and the brokers no way to the internet', () => {
    const addresses = Object.keys(resourcesOf(everything, 'AWS::EC2::EIP'));
    const gateways = properties(resourcesOf(everything, 'AWS::EC2::NatGateway'));
    expect(addresses).toHaveLength(3);
    expect(gateways.map(({ AllocationId }) => AllocationId['Fn::GetAtt'][0] as string).sort()).toEqual(addresses.sort());
    const network = JSON.stringify(resource(everything, 'AWS::Lambda::Function', 'DeliverFunction').Properties['VpcConfig']);
    expect(network).toContain('Egress');
    expect(network).not.toContain('Network');
    for (const id of Object.keys(resourcesOf(everything, 'AWS::EC2::InternetGateway'))) expect(id).toMatch(/^Egress/);
  });

  it('lets nothing in', () => {
    for (const rule of properties(resourcesOf(everything, 'AWS::EC2::SecurityGroupIngress'))) expect(rule).not.toHaveProperty('CidrIp');
  });
});

describe('the network of our own', () => {
  it('has no way to or from the internet', () => {
    for (const type of ['AWS::EC2::InternetGateway', 'AWS::EC2::NatGateway', 'AWS::EC2::EgressOnlyInternetGateway'])
      expect(resourcesOf(prod, type)).toEqual({});
  });

  it('reaches DynamoDB, S3, SQS and KMS by endpoints for this account only', () => {
    const endpoints = properties(resourcesOf(prod, 'AWS::EC2::VPCEndpoint'));
    expect(endpoints.map(({ ServiceName, VpcEndpointType }) => [readable(ServiceName).split('.').at(-1), VpcEndpointType]).sort()).toEqual([
      ['dynamodb', 'Gateway'],
      ['kms', 'Interface'],
      ['s3', 'Gateway'],
      ['sqs', 'Interface'],
    ]);
    for (const { PolicyDocument } of endpoints) {
      expect(Object.keys(PolicyDocument.Statement[0].Condition.StringEquals as object).sort()).toEqual([
        'aws:PrincipalAccount',
        'aws:ResourceAccount',
      ]);
    }
  });

  it.each([
    ['dev', 'NetworkBrokers'],
    ['dev-existing', 'sg-0123456789abcdef0'],
  ])('lets, in %s, pollers on demand out to Lambda and STS, for one action each', (name, brokers) => {
    const template = synthesiseStage(variantNamed(name));
    const ways = properties(resourcesOf(template, 'AWS::EC2::VPCEndpoint')).filter(({ ServiceName }) =>
      /lambda|sts/.test(readable(ServiceName)),
    );
    expect(ways.map(({ PolicyDocument }) => PolicyDocument.Statement as unknown)).toEqual(
      ['lambda:InvokeFunction', 'sts:AssumeRole'].map((Action) => [
        { Action, Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Resource: '*' },
      ]),
    );
    for (const { SubnetIds, PrivateDnsEnabled } of ways) {
      expect(SubnetIds).toHaveLength(3);
      expect(PrivateDnsEnabled).toBe(true);
    }
    const out = properties(resourcesOf(template, 'AWS::EC2::SecurityGroupEgress')).filter(({ GroupId }) => readable(GroupId) === brokers);
    expect(out.map(({ FromPort, DestinationSecurityGroupId }) => [FromPort, readable(DestinationSecurityGroupId)]).sort()).toEqual([
      [443, 'NetworkLambdaEndpoint'],
      [443, 'NetworkStsEndpoint'],
      [9098, brokers],
    ]);
  });

  it('has security groups that let nothing out by default and nobody in from outside', () => {
    for (const group of properties(resourcesOf(prod, 'AWS::EC2::SecurityGroup'))) {
      expect(group['SecurityGroupEgress'].map(({ CidrIp }: Json) => CidrIp)).toEqual(['255.255.255.255/32']);
      expect(group).not.toHaveProperty('SecurityGroupIngress');
    }
    const out = properties(resourcesOf(prod, 'AWS::EC2::SecurityGroupEgress')).map(({ GroupId, FromPort, ToPort }) => [
      readable(GroupId),
      FromPort,
      ToPort,
    ]);
    expect(out.sort()).toEqual([
      ['NetworkBrokers', 9098, 9098],
      ...Array<unknown>(4).fill(['NetworkFunctions', 443, 443]),
      ['NetworkFunctions', 9098, 9098],
    ]);
    for (const rule of properties(resourcesOf(prod, 'AWS::EC2::SecurityGroupIngress'))) expect(rule).not.toHaveProperty('CidrIp');
  });
});

function variantNamed(wanted: string): Stage {
  const found = variants().find(({ name }) => name === wanted);
  if (found === undefined) throw new Error(`There is no variant ${wanted}`);
  return found.stage;
}

function pascal(name: string): string {
  return name.replaceAll(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase());
}
