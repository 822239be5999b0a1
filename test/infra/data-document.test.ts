import { beforeAll, describe, expect, it } from 'vitest';
import { deliveryRetentionDays } from '#lib/delivery/delivery.ts';
import { laneRetentionDays } from '#lib/delivery/lane-store.ts';
import { limitRetentionSeconds } from '#lib/pacing/limit-store.ts';
import { stateRetentionDays } from '#lib/lanes/stale-guard.ts';
import { dynamodbAcceptedRequests } from '#lib/dynamodb/accepted-requests.ts';
import { stateAttributes } from '#lib/dynamodb/replay-item.ts';
import { dynamodbHeardOrgs } from '#lib/dynamodb/heard-orgs.ts';
import { dynamodbSeenHooks } from '#lib/dynamodb/seen-hooks.ts';
import { tables, type TableDefinition, type TableName } from '#lib/dynamodb/tables.ts';
import { topics } from '#lib/kafka/topics.ts';
import { orgIdSchema } from '#lib/okta/org.ts';
import { quarantineRetentionDays } from '#lib/quarantine/quarantine.ts';
import { queues } from '#lib/sqs/queues.ts';
import { readStage } from '../../infra/stages.ts';
import { tableWith } from '../architecture/markdown.ts';
import { readText } from '../architecture/repository.ts';
import { type Json, readable, resourcesOf, synthesise } from './synthesise.ts';

const { header, rows } = tableWith(readText('docs/data.md'), 'place');
const keptFor = new Map(rows.map((row) => [row[0] ?? '', row[header.indexOf('kept for')] ?? '']));
const cellOf = (place: string, column: string): string => rows.find(([first]) => first === place)?.[header.indexOf(column)] ?? '';
const failedOf = (functionName: string): string => `invocations that failed for good: \`${functionName}\``;
const deadLetters = 'dead letters of `deliveries.fifo` and `replay-deliveries.fifo`';
const placesOf = (kind: string): string[] =>
  rows.flatMap(([place = '']) => (place.startsWith(`${kind} \``) ? [/`([^`]+)`/.exec(place)?.[1] ?? ''] : []));

const daySeconds = 24 * 60 * 60;
const units: Readonly<Record<string, number>> = { minutes: 60, hour: 3_600, days: daySeconds };
/** `14 days` in seconds. */
function seconds(text: string | undefined): number {
  const [amount = '', unit = ''] = (text ?? '').split(' ');
  return Number(amount) * (units[unit] ?? Number.NaN);
}

const logicalId = (arn: Json): string => arn?.['Fn::GetAtt']?.[0] ?? '';
/** ClusterSetupFunction0CE4B82A is cluster-setup. */
const kebab = (id: string): string =>
  id
    .replace(/Function\w+$/, '')
    .replaceAll(/\B[A-Z]/g, '-$&')
    .toLowerCase();

/** Variables of access logs, with the words of their row. https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html */
const aboutPeople: Readonly<Record<string, string>> = {
  '$context.identity.sourceIp': "the caller's IP address",
  '$context.identity.userArn': "the caller's ARN",
  '$context.path': 'paths',
};
/** The message is API Gateway's own, such as `Forbidden`. */
const aboutNobody = ['requestId', 'requestTimeEpoch', 'routeKey', 'status', 'integration.status', 'integration.latency', 'responseLatency', 'requestLength', 'error.message'].map((name) => `$context.${name}`); // prettier-ignore

const now = new Date('2026-11-21T12:00:00.000Z');
/** The `expiresAt` of the items that a table is given, in seconds from now. */
async function written(write: (client: never) => Promise<unknown>): Promise<number[]> {
  const lives: number[] = [];
  const client = {
    send: (command: { input: { Item?: Record<string, { N?: string }> } }) => {
      const { N } = command.input.Item?.['expiresAt'] ?? {};
      if (N !== undefined) lives.push(Number(N) - now.getTime() / 1_000);
      return Promise.resolve({});
    },
  };
  // Only what goes out is looked at, and DynamoDB's answer to a successful write is empty.
  await write(client as never);
  return lives;
}

describe('docs/data.md', () => {
  it('has every table, queue and topic, and no other', () => {
    expect([...new Set(placesOf('table'))].toSorted()).toEqual(Object.keys(tables).toSorted());
    expect(placesOf('queue').toSorted()).toEqual(Object.values(queues).map(({ name }) => name).toSorted()); // prettier-ignore
    expect(placesOf('topic')).toEqual(Object.keys(topics));
    expect(placesOf('bucket')).toEqual(['quarantine']);
  });

  it('says of every place what it holds of people and of secrets', () => {
    expect(header).toEqual(['place', 'about people', 'secrets', 'kept for']);
    expect(rows.filter((row) => row.length !== 4 || row.some((cell) => cell === ''))).toEqual([]);
  });

  it('says how long queues and topics keep things', () => {
    for (const { name, retentionSeconds } of Object.values(queues)) expect(seconds(keptFor.get(`queue \`${name}\``)), name).toBe(retentionSeconds); // prettier-ignore
    for (const [name, { retentionMs }] of Object.entries(topics)) expect(seconds(keptFor.get(`topic \`${name}\``)), name).toBe(retentionMs / 1_000); // prettier-ignore
  });

  it('says until deleted of the tables that forget nothing, and of no other', () => {
    const lasting = Object.entries<TableDefinition>(tables).flatMap(([name, { ttlAttribute }]) =>
      ttlAttribute === undefined ? [name] : [],
    );
    const said = [...keptFor].flatMap(([place, text]) => (text === 'until deleted' ? [/`([^`]+)`/.exec(place)?.[1] ?? ''] : []));
    expect(said.toSorted()).toEqual(lasting.toSorted());
  });

  it.each<[TableName, number]>([
    ['deliveries', deliveryRetentionDays * daySeconds],
    ['states', stateRetentionDays * daySeconds],
    ['lanes', laneRetentionDays * daySeconds],
    ['limits', limitRetentionSeconds],
    ['quarantine', quarantineRetentionDays * daySeconds],
    ['replays', Number(stateAttributes({ status: 'queued', error: null, partitions: [], updatedAt: now.toISOString() }).expiresAt.N) - now.getTime() / 1_000], // prettier-ignore
  ])('says how long the table %s keeps an item', (name, life) => {
    expect(seconds(keptFor.get(`table \`${name}\``))).toBe(life);
  });

  it('says how long the table senders keeps an item', async () => {
    const org = orgIdSchema.parse('acme');
    const hooks = await written((client) => dynamodbSeenHooks({ client, table: 'senders' }).note({ org, hook: 'who1test0000000000', at: now })); // prettier-ignore
    expect(hooks).toEqual([seconds(keptFor.get('table `senders`: hooks seen'))]);
    const heard = await written((client) => dynamodbHeardOrgs({ client, table: 'senders' }).hear({ org, at: now }));
    expect(heard).toEqual([seconds(keptFor.get('table `senders`: when orgs were last heard'))]);
    // A signature's timestamp may be five minutes ahead at most, and clocks differ by one.
    const requests = await written((client) => dynamodbAcceptedRequests({ client, table: 'senders' }).add({ org, id: 'x', validUntil: new Date(now.getTime() + 300_000) })); // prettier-ignore
    expect(requests).toEqual([seconds(keptFor.get('table `senders`: signed requests accepted'))]);
  });
});

describe.each(['dev', 'prod'])('the stack %s keeps what docs/data.md says, encrypted with the data key:', (stageName) => {
  let template: ReturnType<typeof synthesise>;
  beforeAll(() => {
    template = synthesise(stageName);
  });

  it('tables', () => {
    const found = Object.values(resourcesOf(template, 'AWS::DynamoDB::Table'));
    expect(found.map(({ Properties }) => readable(Properties['SSESpecification']?.KMSMasterKeyId))).toEqual(found.map(() => 'KeysData'));
  });

  it('queues', () => {
    const found = Object.values(resourcesOf(template, 'AWS::SQS::Queue'));
    expect(found.map(({ Properties }) => readable(Properties['KmsMasterKeyId']))).toEqual(found.map(() => 'KeysData'));
  });

  it('queues of dead letters, each a part of a row, and of each queue that has one', () => {
    const found = resourcesOf(template, 'AWS::SQS::Queue');
    const moves = Object.entries(found).flatMap(([id, { Properties }]) => {
      const target: unknown = Properties['RedrivePolicy']?.deadLetterTargetArn;
      return target === undefined ? [] : [{ from: id.replace(/Queue\w+$/, ''), to: found[logicalId(target)] }];
    });
    const named = [...deadLetters.matchAll(/`([^`]+)`/g)].map(([, name]) => name);
    const withDeadLetters = Object.entries(queues).flatMap(([key, { name }]) => (moves.some(({ from }) => from.toLowerCase() === key.toLowerCase()) ? [name] : [])); // prettier-ignore
    expect(withDeadLetters).toEqual(named);
    expect(moves.map(({ to }) => to?.Properties['MessageRetentionPeriod'])).toEqual(moves.map(() => seconds(keptFor.get(deadLetters))));
    // One more, of invocations that failed.
    expect(Object.keys(found)).toHaveLength(Object.keys(queues).length + moves.length + 1);
  });

  it('invocations that failed for good, of each function that has such a queue', () => {
    const functions = Object.entries(resourcesOf(template, 'AWS::Lambda::Function')).flatMap(([id, { Properties }]) => {
      const target: unknown = Properties['DeadLetterConfig']?.TargetArn;
      return target === undefined ? [] : [{ name: kebab(id), target: logicalId(target) }];
    });
    const said = rows.flatMap(([place = '']) => /^invocations that failed for good: `(.+)`$/.exec(place)?.[1] ?? []);
    expect(functions.map(({ name }) => name).toSorted()).toEqual(said.toSorted());
    for (const { name, target } of functions)
      expect(resourcesOf(template, 'AWS::SQS::Queue')[target]?.Properties['MessageRetentionPeriod'], name).toBe(seconds(keptFor.get(failedOf(name)))); // prettier-ignore
  });

  it('the URL of each answer to CloudFormation, for as long as that waits', () => {
    const functions = resourcesOf(template, 'AWS::Lambda::Function');
    const resources = Object.values((template.toJSON() as { Resources: Record<string, { Properties?: Json }> }).Resources);
    const asked = resources.filter(({ Properties }) => functions[logicalId(Properties?.ServiceToken)]?.Properties['DeadLetterConfig'] !== undefined); // prettier-ignore
    expect(asked.map(({ Properties }) => kebab(logicalId(Properties.ServiceToken)))).toEqual(['cluster-setup']);
    const [, waited] = /signed URL .* for (\d+ minutes)$/.exec(cellOf(failedOf('cluster-setup'), 'secrets')) ?? [];
    expect(asked.map(({ Properties }) => Number(Properties.ServiceTimeout))).toEqual([seconds(waited)]);
  });

  it('access logs, of which each field that is about people is named', () => {
    const stages = Object.values(resourcesOf(template, 'AWS::ApiGatewayV2::Stage'));
    expect(stages).toHaveLength(2);
    for (const { Properties } of stages) {
      const logged = Object.values(JSON.parse(Properties['AccessLogSettings'].Format) as Record<string, string>);
      expect(logged.filter((variable) => !aboutNobody.includes(variable) && !(variable in aboutPeople))).toEqual([]);
      for (const [variable, word] of Object.entries(aboutPeople))
        if (logged.includes(variable)) expect(cellOf('access logs of the APIs', 'about people')).toContain(word);
    }
  });

  it('the bucket, which forgets as it should', () => {
    const [bucket, ...others] = Object.values(resourcesOf(template, 'AWS::S3::Bucket'));
    expect(others).toEqual([]);
    const rule = bucket?.Properties['BucketEncryption'].ServerSideEncryptionConfiguration[0].ServerSideEncryptionByDefault;
    expect(readable(rule.KMSMasterKeyID)).toBe('KeysData');
    const [lifecycle] = bucket?.Properties['LifecycleConfiguration'].Rules as { ExpirationInDays: number }[];
    expect((lifecycle?.ExpirationInDays ?? 0) * daySeconds).toBe(seconds(keptFor.get('bucket `quarantine`')));
  });

  it('logs, which forget as the stage says', () => {
    const days = readStage(stageName).logRetentionDays;
    expect(keptFor.get('logs of functions')?.split(/\D+/)).toContain(String(days));
    expect(keptFor.get('access logs of the APIs')?.split(/\D+/)).toContain(String(days));
    for (const { Properties } of Object.values(resourcesOf(template, 'AWS::Logs::LogGroup'))) {
      expect(readable(Properties['KmsKeyId'])).toBe('KeysData');
      expect(Properties['RetentionInDays']).toBe(days);
    }
  });

  it('nothing else', () => {
    const keeps = /^AWS::(DynamoDB|SQS|S3|RDS|EFS|ElastiCache|Kinesis|KinesisFirehose|OpenSearchService|Logs|MSK|SecretsManager|SSM)::(GlobalTable|Table|Queue|Bucket|DBInstance|FileSystem|Stream|DeliveryStream|Domain|LogGroup|Cluster|ServerlessCluster|Secret|Parameter)$/; // prettier-ignore
    const resources = template.toJSON()['Resources'] as Record<string, { Type: string }>;
    const types = new Set(Object.values(resources).map(({ Type }) => Type).filter((type) => keeps.test(type))); // prettier-ignore
    expect([...types].toSorted()).toEqual([
      'AWS::DynamoDB::Table',
      'AWS::Logs::LogGroup',
      'AWS::MSK::Cluster',
      'AWS::S3::Bucket',
      'AWS::SQS::Queue',
    ]);
  });
});
