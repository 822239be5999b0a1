import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SQSBatchResponse, SQSRecord } from 'aws-lambda';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { provideEnvironment } from '#lib/config/environment.ts';
import { provideChangeLogRange } from '#lib/config/local-parts.ts';
import { deliveryMessageSchema } from '#lib/delivery/delivery.ts';
import { dynamodbClient } from '#lib/dynamodb/client.ts';
import { dynamodbReplayStore } from '#lib/dynamodb/replay-store.ts';
import { dynamodbSubscriptionStore } from '#lib/dynamodb/subscription-store.ts';
import { sqsClient } from '#lib/sqs/client.ts';
import { queueReceiver, type QueueReceiver } from '#lib/sqs/queue-receiver.ts';
import { sqsReplayQueue } from '#lib/sqs/replay-queue.ts';
import type { Replay } from '#lib/replay/replay.ts';
import { provideLogSink } from '#lib/telemetry/wide-line.ts';
import { startAwsEmulators, type AwsEmulators } from '../../../local/aws-emulators.ts';
import { openEmbeddedLog, type EmbeddedLog } from '../../../local/embedded-log/embedded-log.ts';
import { invoke, type LambdaHandler } from '../../../local/lambda.ts';
import { storedReplay } from '../../contract/replay-store.contract.ts';
import { recordOf } from '../../lib/replay/replay-harness.ts';
import { storedSubscription } from '../../lib/subscriptions/stored-subscription.ts';

const region = 'us-east-1';
const now = () => new Date();
const folder = mkdtempSync(join(tmpdir(), 'replay-'));
let aws: AwsEmulators;
let log: EmbeddedLog;
let handler: LambdaHandler;
let store: ReturnType<typeof dynamodbReplayStore>;
let subscriptions: ReturnType<typeof dynamodbSubscriptionStore>;
let queue: ReturnType<typeof sqsReplayQueue>;
let replays: QueueReceiver;
let deliveries: QueueReceiver;
let lines: Record<string, unknown>[] = [];

beforeAll(async () => {
  aws = await startAwsEmulators();
  log = await openEmbeddedLog({ dir: folder, topic: 'identity.changes.v1', partitions: 12 });
  const dynamodb = dynamodbClient({ region, endpoint: aws.dynamodbUrl });
  const client = sqsClient({ region, endpoint: aws.sqsUrl });
  store = dynamodbReplayStore({ client: dynamodb, table: 'replays' });
  subscriptions = dynamodbSubscriptionStore({ client: dynamodb, table: 'subscriptions' });
  queue = sqsReplayQueue({ client, queueUrl: aws.replaysQueueUrl, now });
  const receiver = (queueUrl: string) => queueReceiver(client, { queueUrl, queueArn: 'arn:aws:sqs:us-east-1:000000000000:x.fifo', region });
  replays = receiver(aws.replaysQueueUrl);
  deliveries = receiver(aws.replayDeliveriesQueueUrl);
  provideEnvironment({ ...aws.environment, CHANGE_LOG: 'embedded' });
  provideChangeLogRange(log.range);
  provideLogSink((line) => lines.push(JSON.parse(line) as Record<string, unknown>));
  const module = await import('../../../functions/replay/handler.ts');
  // middy's type says `void` where it means "answers nothing"; local mode calls it the same way.
  handler = module.handler as LambdaHandler;
});
afterAll(async () => {
  await log.close();
  await aws.stop();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  lines = [];
});

const receive = (from: QueueReceiver) => from.receive({ maxMessages: 10, waitSeconds: 0, signal: new AbortController().signal });

/** A subscription, changes on the log, a replay of them and its message. */
async function prepare(number: number, users: readonly string[]): Promise<Replay> {
  const subscription = storedSubscription(number, { types: ['*'], filter: `user.id sw "${number}-"` });
  await subscriptions.create(subscription);
  const from = now();
  await log.append(
    users.map((user, index) => {
      const { key, value } = recordOf(number, index, { type: 'identity.user.activated', user: `${number}-${user}`, at: index });
      return { key: Buffer.from(key ?? []).toString(), value: value ?? new Uint8Array(), headers: {} };
    }),
    { budgetMs: 5_000 },
  );
  const to = new Date(now().getTime() + 1_000);
  const replay = storedReplay(number, { subscription: subscription.id, from: from.toISOString(), to: to.toISOString() });
  await store.create(replay);
  await queue.send(replay);
  return replay;
}

/** One turn of Lambda's poller. */
async function turn(remainingMs?: number): Promise<{ received: SQSRecord[]; failed: string[] }> {
  const received = await receive(replays);
  const event = { Records: received };
  const context = { awsRequestId: 'req-1', getRemainingTimeInMillis: () => remainingMs ?? 0 };
  const answer = remainingMs === undefined ? await invoke('replay', handler, event) : await handler(event, context as never);
  const failed = (answer as SQSBatchResponse).batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
  await replays.remove(received.filter(({ messageId }) => !failed.includes(messageId)).map(({ receiptHandle }) => receiptHandle));
  return { received, failed };
}

async function owed() {
  const messages = await receive(deliveries);
  await deliveries.remove(messages.map(({ receiptHandle }) => receiptHandle));
  return messages.map(({ body }) => deliveryMessageSchema.parse(JSON.parse(body)));
}

describe('the replay function', () => {
  it('puts the changes of the window on the queue of replayed deliveries, marked, and says how far it is', async () => {
    const replay = await prepare(1, ['ana', 'bo', 'ana']);
    expect((await turn()).failed).toEqual([]);
    const sent = await owed();
    expect(sent.map(({ change }) => change.id).toSorted()).toEqual(['1-1', '1-2']);
    expect(sent.every((message) => message.replay?.id === replay.id && message.subscription === replay.subscription)).toBe(true);
    expect(await store.find(replay.id)).toMatchObject({ status: 'done', error: null });
    expect(lines).toMatchObject([
      { level: 'info', function: 'replay', outcome: 'done', replay: replay.id, records: 3, changes: 3, deliveries: 2 },
    ]);
    expect(JSON.stringify(lines)).not.toContain('1-ana');
  });

  it('does nothing when the message of a finished replay comes again', async () => {
    const replay = storedReplay(1);
    const [body, attributes] = [JSON.stringify({ v: 1, replay: replay.id }), {}];
    expect(await invoke('replay', handler, { Records: [{ messageId: randomUUID(), receiptHandle: 'gone', body, attributes }] })).toEqual({ batchItemFailures: [] }); // prettier-ignore
    expect(await owed()).toEqual([]);
    expect(lines).toMatchObject([{ level: 'info', outcome: 'finished' }]);
  });

  it('keeps the message and shows it again at once when there is no time, and goes on then', async () => {
    const replay = await prepare(2, ['ana']);
    expect((await turn(1_000)).failed).toHaveLength(1);
    expect(await owed()).toEqual([]);
    expect((await turn()).failed).toEqual([]);
    expect(await owed()).toHaveLength(1);
    expect(await store.find(replay.id)).toMatchObject({ status: 'done' });
  });

  it('drops a message that cannot be read, and says so', async () => {
    const records = ['', '{"v":1}', '{"v":2,"replay":"rpl_00000000000000000000000001"}'].map((body) => ({
      messageId: randomUUID(),
      receiptHandle: 'x',
      body,
    }));
    expect(await invoke('replay', handler, { Records: records })).toEqual({ batchItemFailures: [] });
    expect(lines).toMatchObject([{ level: 'warn' }]);
  });

  it('fails a replay whose subscription is gone, and lets its message go', async () => {
    const replay = storedReplay(50);
    await store.create(replay);
    await queue.send(replay);
    expect((await turn()).failed).toEqual([]);
    expect(await store.find(replay.id)).toMatchObject({ status: 'failed', error: 'subscription-deleted' });
    expect(lines).toMatchObject([{ level: 'warn', outcome: 'failed', reasons: ['subscription-deleted'] }]);
  });
});
