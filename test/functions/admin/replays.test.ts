import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { provideEnvironment } from '#lib/config/environment.ts';
import { dynamodbClient } from '#lib/dynamodb/client.ts';
import { dynamodbReplayStore } from '#lib/dynamodb/replay-store.ts';
import { dynamodbSubscriptionStore } from '#lib/dynamodb/subscription-store.ts';
import type { HttpResponse } from '#lib/http/response.ts';
import { createLocalKeyFile } from '#lib/sealing/local-key-file.ts';
import { sqsClient } from '#lib/sqs/client.ts';
import { queueReceiver, type QueueReceiver } from '#lib/sqs/queue-receiver.ts';
import { provideLogSink } from '#lib/telemetry/wide-line.ts';
import { localRegion, startAwsEmulators, type AwsEmulators } from '../../../local/aws-emulators.ts';
import { storedReplay } from '../../contract/replay-store.contract.ts';
import { storedSubscription } from '../../lib/subscriptions/stored-subscription.ts';
import { adminEvent } from './admin-event.ts';

const token = 'an-invented-admin-token';
const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
const folder = mkdtempSync(join(tmpdir(), 'admin-replays-'));
const lines: string[] = [];
let aws: AwsEmulators;
let handler: (event: APIGatewayProxyEventV2, context: Context) => Promise<HttpResponse>;
let store: ReturnType<typeof dynamodbReplayStore>;
let messages: QueueReceiver;

beforeAll(async () => {
  createLocalKeyFile(join(folder, 'key'));
  aws = await startAwsEmulators();
  const client = dynamodbClient({ region: localRegion, endpoint: aws.dynamodbUrl });
  store = dynamodbReplayStore({ client, table: 'replays' });
  const subscriptions = dynamodbSubscriptionStore({ client, table: 'subscriptions' });
  for (const number of [1, 2, 3]) await subscriptions.create(storedSubscription(number));
  await subscriptions.create(storedSubscription(4, { status: 'disabled' }));
  const sqs = sqsClient({ region: localRegion, endpoint: aws.sqsUrl });
  messages = queueReceiver(sqs, {
    queueUrl: aws.replaysQueueUrl,
    queueArn: 'arn:aws:sqs:us-east-1:000000000000:replays.fifo',
    region: localRegion,
  });
  provideEnvironment({ ...aws.environment, SECRETS_KEY_FILE: join(folder, 'key'), ADMIN_AUTH: 'bearer', RELAY_ADMIN_TOKEN: token });
  provideLogSink((line) => lines.push(line));
  ({ handler } = await import('../../../functions/admin/handler.ts'));
});
afterAll(async () => {
  await aws.stop();
  rmSync(folder, { recursive: true });
});

async function call(line: `${string} /${string}`, body?: unknown) {
  const context = { awsRequestId: 'req-1', getRemainingTimeInMillis: () => 10_000 } as Context;
  const answer = await handler(adminEvent(line, { headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) }), context);
  return { status: answer.statusCode, headers: answer.headers, body: JSON.parse(answer.body) };
}
const hourAgo = (hours: number) => new Date(Date.now() - hours * 3_600_000).toISOString();
const wanted = (number: number, more: object = {}) => ({
  subscription: storedSubscription(number).id,
  from: hourAgo(2),
  to: hourAgo(1),
  ...more,
});
/** Bodies of the messages that ask for a run, taken off the queue. */
async function asked(): Promise<unknown[]> {
  const received = await messages.receive({ maxMessages: 10, waitSeconds: 0, signal: new AbortController().signal });
  await messages.remove(received.map(({ receiptHandle }) => receiptHandle));
  return received.map(({ body }) => JSON.parse(body) as unknown);
}

describe('POST /v1/replays', () => {
  it('stores a replay, asks for its first run, and says where to look', async () => {
    const body = wanted(1, { types: ['identity.user.*'], user: '00u1', full: true });
    const answer = await call('POST /v1/replays', body);
    expect(answer).toMatchObject({
      status: 202,
      body: { ...body, status: 'queued', error: null, read: 0, matched: 0, queued: 0, skipped: 0, partitions: [] },
    });
    expect(answer.headers).toMatchObject({ location: `/v1/replays/${answer.body.id}`, 'cache-control': 'no-store' });
    expect(await asked()).toEqual([{ v: 1, replay: answer.body.id }]);
    expect((await call(`GET /v1/replays/${answer.body.id}`)).body).toEqual(answer.body);
    expect((await call('GET /v1/replays')).body).toEqual({ data: [answer.body], nextCursor: null });
  });

  it('answers 409 while the subscription has one that is not finished, and wakes that one', async () => {
    const asleep = storedReplay(1, { subscription: storedSubscription(2).id });
    await store.create(asleep);
    const answer = await call('POST /v1/replays', wanted(2));
    expect(answer).toMatchObject({ status: 409, body: { detail: expect.stringContaining(asleep.id) as string } });
    expect(await asked()).toEqual([{ v: 1, replay: asleep.id }]);
  });

  it.each([
    ['a subscription that is not there', () => wanted(9), '/subscription', 'is no subscription'],
    ['a disabled subscription', () => wanted(4), '/subscription', 'is disabled: nothing is sent to it'],
    ['a window that ends before it begins', () => wanted(3, { to: hourAgo(3) }), '/from', 'must be before `to`'],
  ])('answers 422 to %s, and asks for nothing', async (_, body, pointer, detail) => {
    expect(await call('POST /v1/replays', body())).toMatchObject({ status: 422, body: { errors: [{ pointer, detail }] } });
    expect(await asked()).toEqual([]);
  });
});

describe('GET /v1/replays/{id}', () => {
  it.each(['rpl_00000000000000000000000099', 'sub_1', '%2e%2e'])('answers 404 where there is none: %s', async (id) => {
    expect((await call(`GET /v1/replays/${id}`)).status).toBe(404);
  });

  it('shows how far each partition is', async () => {
    const progress = {
      partition: 0,
      start: 5,
      end: 50,
      next: 20,
      stretch: { start: 5, end: 50 },
      read: 15,
      matched: 9,
      queued: 7,
      skipped: 1,
    };
    const replay = storedReplay(7, { status: 'running', partitions: [progress] });
    await store.create(replay);
    expect((await call(`GET /v1/replays/${replay.id}`)).body).toMatchObject({
      status: 'running',
      read: 15,
      matched: 9,
      queued: 7,
      skipped: 1,
      partitions: [{ partition: 0, start: 5, end: 50, next: 20 }],
    });
  });
});
