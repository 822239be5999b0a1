import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Webhook } from 'standardwebhooks';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { S3Client, GetObjectCommand } from '@aws-sdk/client-s3';
import { clientOptions } from '#lib/aws/client-options.ts';
import type { FunctionName } from '#lib/config/function-settings.ts';
import { dynamodbClient } from '#lib/dynamodb/client.ts';
import { dynamodbQuarantineIndex } from '#lib/dynamodb/quarantine-index.ts';
import { quarantineBodyKey } from '#lib/s3/quarantine-bodies.ts';
import { sqsClient } from '#lib/sqs/client.ts';
import { queueReceiver } from '#lib/sqs/queue-receiver.ts';
import { repositoryRoot } from '../../infra/bundling.ts';
import { localRegion } from '../../local/aws-emulators.ts';
import { payrollId } from '../lib/delivery/delivery-message.ts';
import { deployedBundles, functionNames, type DeployedBundles } from './deployed-bundles.ts';
import { startLambda, type LambdaProcess } from './lambda-process.ts';
import { signingSecret, startSurroundings, type Surroundings } from './surroundings.ts';

let bundles: DeployedBundles;
let around: Surroundings;
const started: LambdaProcess[] = [];
beforeAll(async () => {
  bundles = await deployedBundles();
  around = await startSurroundings();
}, 120_000);
afterEach(() => {
  for (const lambda of started.splice(0)) lambda.stop();
});
afterAll(async () => {
  bundles.remove();
  await around.stop();
});

// What an event says is what its fixture says.
const golden = (name: string): Record<string, object> =>
  JSON.parse(readFileSync(new URL(`../fixtures/aws/${name}.json`, import.meta.url), 'utf8')) as Record<string, object>;

async function lambda(name: FunctionName): Promise<LambdaProcess> {
  const running = await startLambda(name, bundles.fileOf(name), around.environment);
  started.push(running);
  return running;
}

async function bodiesIn(queueUrl: string): Promise<string[]> {
  const queueArn = 'arn:aws:sqs:us-east-1:000000000000:any.fifo';
  const client = sqsClient({ region: localRegion, endpoint: around.aws.sqsUrl });
  const receiver = queueReceiver(client, { queueUrl, queueArn, region: localRegion });
  const records = await receiver.receive({ maxMessages: 10, waitSeconds: 0, signal: new AbortController().signal });
  return records.map(({ body }) => body);
}

/** For each function: the golden event it is given as deployed, and what docs/architecture.md says must come of it. */
const proofs: Readonly<Record<FunctionName, () => Promise<void>>> = {
  async 'receive-hook'() {
    const bundle = await lambda('receive-hook');
    const challenge = await bundle.invoke(golden('http-api-challenge-get'));
    expect(challenge).toMatchObject({ statusCode: 200, body: '{"verification":"Inv3nted_ChAllenge-0123456789abcdefghij"}' });
    const event = golden('http-api-events-post');
    // Sent just now: the time for an answer counts from here.
    const sent = { ...event, requestContext: { ...event['requestContext'], timeEpoch: Date.now() } };
    expect(await bundle.invoke(sent)).toEqual({ statusCode: 200, headers: {}, body: '' });
    // The log is out of reach, so that the changes are in the spool.
    expect((await bodiesIn(around.aws.changeSpoolQueueUrl))[0]).toContain('"ce_id"');
  },

  async respool() {
    const event = golden('sqs-spooled-changes');
    // The log is out of reach: the queue keeps the message.
    const kept = [{ itemIdentifier: '059f36b4-87a3-44ab-83d2-661975770021' }];
    expect(await (await lambda('respool')).invoke(event)).toEqual({ batchItemFailures: kept });
  },

  async 'fan-out'() {
    const bundle = await lambda('fan-out');
    expect(await bundle.invoke(golden('msk-two-partitions'))).toEqual({ batchItemFailures: [] });
    // The emulator shows the first of each lane.
    expect((await bodiesIn(around.aws.deliveriesQueueUrl))[0]).toContain(payrollId);
    expect(await bundle.invoke(golden('msk-unreadable-records'))).toEqual({ batchItemFailures: [] });
    expect(await quarantinedBytes()).toBeGreaterThan(0);
  },

  async deliver() {
    const bundle = await lambda('deliver');
    expect(await bundle.invoke(golden('sqs-deliveries'))).toEqual({ batchItemFailures: [] });
    expect(around.subscriber.requests).toHaveLength(3);
    for (const { head, body } of around.subscriber.requests) {
      const headers = Object.fromEntries([...head.matchAll(/^(webhook-[a-z]+): (.*)\r?$/gm)].map(([, name, value]) => [name, value!]));
      expect(new Webhook(signingSecret).verify(body, headers)).toMatchObject({ data: { org: 'acme' } });
    }
  },

  async admin() {
    const answer = (await (await lambda('admin')).invoke(golden('http-api-admin-get'))) as { statusCode: number; body: string };
    expect(answer.statusCode).toBe(200);
    expect(JSON.parse(answer.body)).toMatchObject({ data: [{ id: payrollId }] });
  },

  async replay() {
    const bundle = await lambda('replay');
    // Nobody knows the replay any more: its message is let go.
    expect(await bundle.invoke(golden('sqs-replays'))).toEqual({ batchItemFailures: [] });
    expect(bundle.output()).toContain('"outcome":"unknown"');
  },

  async sweep() {
    const bundle = await lambda('sweep');
    expect(await bundle.invoke(golden('scheduler-tick'))).toBe(null);
    // One subscription, and nothing that waits.
    expect(JSON.parse(lastLineOf(bundle))).toMatchObject({ function: 'sweep', subscriptions: 1, outcome: 'done' });
  },

  async 'cluster-setup'() {
    const event = { ...golden('cloudformation-create'), ResponseURL: `${around.deployment.origin}/answer?signature=invented` };
    expect(await (await lambda('cluster-setup')).invoke(event)).toBe(null);
    expect(around.deployment.answers).toMatchObject([{ Status: 'SUCCESS', Data: { BootstrapBrokers: 'b-1.relay.example.com:9098' } }]);
  },
};

/** The line about an invocation, among those of metrics. */
function lastLineOf(bundle: LambdaProcess): string {
  return (
    bundle
      .output()
      .split('\n')
      .findLast((line) => line.includes('"requestId"')) ?? '{}'
  );
}

async function quarantinedBytes(): Promise<number> {
  const client = dynamodbClient({ region: localRegion, endpoint: around.aws.dynamodbUrl });
  const page = await dynamodbQuarantineIndex({ client, table: 'quarantine', now: () => new Date() }).list({ limit: 1 });
  if (page.kind !== 'page') throw new Error('the quarantine cannot be listed');
  const s3 = new S3Client({ ...clientOptions({ region: localRegion, endpoint: around.aws.s3Url }), forcePathStyle: true });
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: 'quarantine', Key: quarantineBodyKey(page.data[0]!.id) }));
  return (await Body?.transformToByteArray())?.length ?? 0;
}

describe('a golden event', () => {
  it('is there for each function', () => {
    const folders = readdirSync(join(repositoryRoot, 'functions')).sort();
    expect(Object.keys(proofs).sort()).toEqual(folders);
    expect([...functionNames].sort()).toEqual(folders);
  });

  it.each(functionNames)('of %s is answered as documented by the bundle that is deployed, alone on plain Node', async (name) => {
    await proofs[name]();
  });
});
