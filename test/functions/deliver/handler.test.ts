import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { Webhook } from 'standardwebhooks';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { provideEnvironment } from '#lib/config/environment.ts';
import type { Delivery } from '#lib/delivery/delivery.ts';
import { dynamodbClient } from '#lib/dynamodb/client.ts';
import { dynamodbDeliveryStore } from '#lib/dynamodb/delivery-store.ts';
import { dynamodbQuarantineIndex } from '#lib/dynamodb/quarantine-index.ts';
import { dynamodbSubscriptionStore } from '#lib/dynamodb/subscription-store.ts';
import { localDataKeys } from '#lib/sealing/local-data-keys.ts';
import { createLocalKeyFile } from '#lib/sealing/local-key-file.ts';
import { SecretBox } from '#lib/sealing/secret-box.ts';
import { sqsClient } from '#lib/sqs/client.ts';
import { sqsDeliveryQueue } from '#lib/sqs/delivery-queue.ts';
import { queueReceiver, type QueueReceiver } from '#lib/sqs/queue-receiver.ts';
import type { SubscriptionId } from '#lib/subscriptions/subscription.ts';
import { provideLogSink } from '#lib/telemetry/wide-line.ts';
import { startAwsEmulators, type AwsEmulators } from '../../../local/aws-emulators.ts';
import { invoke, type LambdaHandler } from '../../../local/lambda.ts';
import { deliveryMessage, payrollId } from '../../lib/delivery/delivery-message.ts';
import { storedSubscription } from '../../lib/subscriptions/stored-subscription.ts';
import { ok, startRawSubscriber, type RawRequest, type RawSubscriber } from '../../lib/https/raw-subscriber.ts';

const region = 'us-east-1';
const now = () => new Date();
const secret = `whsec_${Buffer.alloc(32, 9).toString('base64')}`;
const folder = mkdtempSync(join(tmpdir(), 'deliver-'));
const keyFile = join(folder, 'key');
const golden = () => JSON.parse(readFileSync(new URL('../../fixtures/aws/sqs-deliveries.json', import.meta.url), 'utf8')) as SQSEvent;

let aws: AwsEmulators;
let handler: LambdaHandler;
let receiver: QueueReceiver;
let store: ReturnType<typeof dynamodbDeliveryStore>;
let subscriptions: ReturnType<typeof dynamodbSubscriptionStore>;
let queue: ReturnType<typeof sqsDeliveryQueue>;
let quarantine: ReturnType<typeof dynamodbQuarantineIndex>;
let lines: Record<string, unknown>[] = [];
let allLines = '';
const open: RawSubscriber[] = [];

beforeAll(async () => {
  aws = await startAwsEmulators();
  createLocalKeyFile(keyFile);
  const dynamodb = dynamodbClient({ region, endpoint: aws.dynamodbUrl });
  const sqs = sqsClient({ region, endpoint: aws.sqsUrl });
  store = dynamodbDeliveryStore({ client: dynamodb, table: 'deliveries', now });
  subscriptions = dynamodbSubscriptionStore({ client: dynamodb, table: 'subscriptions' });
  quarantine = dynamodbQuarantineIndex({ client: dynamodb, table: 'quarantine', now });
  queue = sqsDeliveryQueue({ client: sqs, queueUrl: aws.deliveriesQueueUrl, now, budgetMs: 10_000 });
  receiver = queueReceiver(sqs, {
    queueUrl: aws.deliveriesQueueUrl,
    queueArn: 'arn:aws:sqs:us-east-1:000000000000:deliveries.fifo',
    region,
  });
  provideEnvironment({ ...aws.environment, SECRETS_KEY_FILE: keyFile, ALLOW_LOOPBACK_SUBSCRIBERS: 'true', ATTEMPT_TIMEOUT_MS: '3000' });
  provideLogSink((line) => {
    allLines += line;
    lines.push(JSON.parse(line) as Record<string, unknown>);
  });
  const module = await import('../../../functions/deliver/handler.ts');
  // middy's type says `void` where it means "answers nothing"; local mode calls it the same way.
  handler = module.handler as LambdaHandler;
});
afterAll(async () => {
  await aws.stop();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  lines = [];
});
afterEach(async () => {
  for (const subscriber of open.splice(0)) await subscriber.close();
  await emptyQueue();
});

async function subscriber(...given: Parameters<typeof startRawSubscriber>): Promise<RawSubscriber> {
  const started = await startRawSubscriber(...given);
  open.push(started);
  return started;
}

let subscribed = 100;
async function subscribe(url: string, id?: SubscriptionId): Promise<SubscriptionId> {
  const fresh = storedSubscription((subscribed += 1));
  const owner = id ?? fresh.id;
  const sealed = await new SecretBox(localDataKeys(keyFile), { now }).seal(secret, { purpose: 'signing-secret', owner });
  await subscriptions.create({ ...fresh, id: owner, url, signingSecrets: [{ sealed, createdAt: fresh.createdAt }] });
  return owner;
}

/** Queues changes for a subscription, all in one lane; answers their ids. */
async function owe(subscription: SubscriptionId, count = 1): Promise<string[]> {
  const changes = Array.from({ length: count }, () => randomUUID());
  const groupId = randomUUID();
  await queue.send(
    changes.map((change) => ({ groupId, deduplicationId: randomUUID(), message: deliveryMessage({ change, subscription }) })),
  );
  return changes;
}

/**
 * One turn of Lambda's poller. The emulator hands out one message of a group at a time, where SQS hands out as many as it can:
 * `behind` puts another one behind each.
 */
async function turn(behind?: string): Promise<{ records: SQSRecord[]; failed: string[] }> {
  const records = await receive();
  const more =
    behind === undefined
      ? []
      : records.map((record) => ({ ...record, messageId: `${record.messageId}-behind`, receiptHandle: randomUUID(), body: behind }));
  const failed = failuresOf(await invoke('deliver', handler, { Records: [...records, ...more] }));
  await receiver.remove(records.filter(({ messageId }) => !failed.includes(messageId)).map(({ receiptHandle }) => receiptHandle));
  return { records, failed };
}
const handles: string[] = [];
async function receive(): Promise<SQSRecord[]> {
  const records = await receiver.receive({ maxMessages: 10, waitSeconds: 0, signal: new AbortController().signal });
  handles.push(...records.map(({ receiptHandle }) => receiptHandle));
  return records;
}
/** What failed shows itself again seconds later, which on a busy machine is in the middle of another test. */
async function emptyQueue(): Promise<void> {
  do for (const handle of handles.splice(0)) await receiver.remove([handle]);
  while ((await receive()).length > 0);
}
const failuresOf = (response: unknown): string[] =>
  (response as SQSBatchResponse).batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);

async function recordOf(change: string | undefined): Promise<Delivery | undefined> {
  const answer = await store.list({ change, limit: 10 });
  return answer.kind === 'page' ? answer.data[0] : undefined;
}
const http = ({ port }: RawSubscriber) => `http://127.0.0.1:${port}/hook`;
const headersOf = ({ head }: RawRequest) => Object.fromEntries(head.split('\r\n').slice(1).map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)])); // prettier-ignore

describe('the deliver function, given a golden event', () => {
  it('delivers each record to the subscriber, signed over the bytes sent', async () => {
    const target = await subscriber(({ socket }) => socket.write(ok));
    await subscribe(http(target), payrollId);

    expect(await invoke('deliver', handler, golden())).toEqual({ batchItemFailures: [] });

    expect(target.requests.map((request) => headersOf(request)['webhook-id']).toSorted()).toEqual(
      [1, 2, 3].map((n) => `2d050e48-fc0a-11ea-bbf6-00000000000${n}`),
    );
    for (const request of target.requests)
      expect(new Webhook(secret).verify(request.body, headersOf(request))).toMatchObject({ specversion: '1.0', data: { org: 'acme' } });
    const second = target.requests.find(({ body }) => body.includes('000000000002'));
    expect(second && headersOf(second)).toMatchObject({
      'content-type': 'application/cloudevents+json',
      'user-agent': 'okta-event-relay/0.1.0',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    });
    expect(await recordOf('2d050e48-fc0a-11ea-bbf6-000000000001')).toMatchObject({
      status: 'delivered',
      attempts: [{ status: 200, error: null }],
    });
    expect(lines).toMatchObject([
      {
        level: 'info',
        function: 'deliver',
        traces: ['0af7651916cd43dd8448eb211c80319c'],
        deliveries: 3,
        delivered: 3,
        outcome: 'done',
      },
    ]);
  });

  it('sends nothing when the same event comes again', async () => {
    expect(await invoke('deliver', handler, golden())).toEqual({ batchItemFailures: [] });
    expect(lines).toMatchObject([{ delivered: 0, duplicates: 3 }]);
  });

  it('keeps what it cannot read in quarantine and lets the queue delete it', async () => {
    const [record] = golden().Records;
    expect(await invoke('deliver', handler, { Records: [{ ...record, body: '{"v":1,"org":"acme"}' }] })).toEqual({ batchItemFailures: [] });
    expect(await quarantine.list({ limit: 1 })).toMatchObject({ data: [{ reason: 'delivery-unreadable', org: 'acme', size: 20 }] });
    expect(lines).toMatchObject([{ level: 'warn', quarantined: 1 }]);
  });
});

describe('a subscriber that misbehaves', () => {
  it.each<[string, (request: RawRequest) => void, Partial<Delivery['attempts'][number]>, number]>([
    ['answers 500', ({ socket }) => socket.write('HTTP/1.1 500 Oh\r\ncontent-length: 0\r\n\r\n'), { status: 500, error: null }, 5],
    ['says nothing', () => undefined, { status: null, error: 'timeout' }, 5],
    ['cuts the connection', ({ socket }) => socket.resetAndDestroy(), { status: null, error: 'connection-reset' }, 5],
    [
      'redirects',
      ({ socket }) => socket.write('HTTP/1.1 302 Found\r\nlocation: http://169.254.169.254/\r\ncontent-length: 0\r\n\r\n'),
      { status: 302, error: null },
      5,
    ],
    [
      'is too busy for two minutes',
      ({ socket }) => socket.write('HTTP/1.1 429 Busy\r\nretry-after: 120\r\ncontent-length: 0\r\n\r\n'),
      { status: 429, error: null },
      120,
    ],
    ['refuses the change', ({ socket }) => socket.write('HTTP/1.1 422 No\r\ncontent-length: 0\r\n\r\n'), { status: 422, error: null }, 300],
    ['does not speak HTTP', ({ socket }) => socket.write('hello\r\n\r\n'), { status: null, error: 'invalid-response' }, 5],
  ])('and %s is tried again later, and what is behind waits', async (_, answer, attempt, waitSeconds) => {
    const target = await subscriber(answer);
    const subscription = await subscribe(http(target));
    const [head] = await owe(subscription);
    const behind = deliveryMessage({ change: randomUUID(), subscription, type: 'identity.user.updated' });
    const { failed } = await turn(JSON.stringify(behind));
    // The first short wait is spent in the queue, any longer one in the lane store.
    const isParked = waitSeconds > 6;
    expect(failed).toHaveLength(isParked ? 0 : 2);
    expect(target.requests).toHaveLength(1);
    const record = await recordOf(head);
    expect(record).toMatchObject({ status: isParked ? 'parked' : 'pending', attempts: [attempt] });
    const waitMs =
      Date.parse(record?.nextAttemptAt ?? '') - Date.parse(record?.attempts[0]?.time ?? '') - (record?.attempts[0]?.latencyMs ?? 0);
    expect(waitMs).toBeGreaterThan(waitSeconds * 900 - 1);
    // The rest is for a machine that is busy; twice the wait would be too much all the same.
    expect(waitMs).toBeLessThan(waitSeconds * 1_100 + 4_000);
    expect((await recordOf(behind.change.id))?.status).toBe(isParked ? 'parked' : undefined);
    // The head is out of sight, and so is its whole lane.
    expect((await turn()).records).toEqual([]);
  });

  it.each<[string, (request: RawRequest) => void]>([
    ['half a body and then silence', ({ socket }) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nhalf')],
    ['a body of megabytes', ({ socket }) => socket.write(`HTTP/1.1 200 OK\r\ncontent-length: 9000000\r\n\r\n${'y'.repeat(4_000_000)}`)],
  ])('and sends %s after its 200 has taken the change', async (_, answer) => {
    const target = await subscriber(answer);
    const [change] = await owe(await subscribe(http(target)));
    expect((await turn()).failed).toEqual([]);
    expect(await recordOf(change)).toMatchObject({ status: 'delivered', attempts: [{ status: 200 }] });
  });

  it('and shows a certificate nobody vouches for sees no change', async () => {
    const target = await subscriber(({ socket }) => socket.write(ok), { tls: {} });
    const [change] = await owe(await subscribe(`https://127.0.0.1:${target.port}/hook`));
    expect((await turn()).failed).toHaveLength(1);
    expect([await recordOf(change), target.requests]).toMatchObject([
      { status: 'pending', attempts: [{ status: null, error: 'tls' }] },
      [],
    ]);
  });

  it('and is gone (410) is disabled, and what else it was owed is given up', async () => {
    const target = await subscriber(({ socket }) => socket.write('HTTP/1.1 410 Gone\r\ncontent-length: 0\r\n\r\n'));
    const id = await subscribe(http(target));
    const changes = await owe(id, 3);
    for (let message = 0; message < 3; message += 1) expect((await turn()).failed).toEqual([]);
    expect((await subscriptions.find(id))?.status).toBe('disabled');
    expect(target.requests).toHaveLength(1);
    expect((await Promise.all(changes.map(recordOf))).map((record) => [record?.status, record?.attempts.length])).toEqual([['dead', 1], ['dead', 0], ['dead', 0]]); // prettier-ignore
  });

  it('does not hold up the others', async () => {
    const [silent, good] = [await subscriber(() => undefined), await subscriber(({ socket }) => socket.write(ok))];
    const [stuck] = await owe(await subscribe(http(silent)));
    const [fine] = await owe(await subscribe(http(good)));
    expect((await turn()).failed).toHaveLength(1);
    expect([(await recordOf(stuck))?.status, (await recordOf(fine))?.status]).toEqual(['pending', 'delivered']);
  });

  it('does not hold up what is behind the others in their lanes', async () => {
    const [silent, good] = [await subscriber(() => undefined), await subscriber(({ socket }) => socket.write(ok))];
    await owe(await subscribe(http(silent)));
    const [first, second] = await owe(await subscribe(http(good)), 2);
    const stuck = { hasEnded: false };
    const stuckTurn = turn().finally(() => (stuck.hasEnded = true));
    // Not before the turn has both records: the receiving below would take them from it.
    await expect.poll(() => silent.requests.length, { timeout: 10_000, interval: 5 }).toBe(1);
    // SQS hands the second one out only when the first is out of the queue, and that is before the stuck batch has ended.
    let next: SQSRecord[] = [];
    while (next.length === 0 && !stuck.hasEnded) next = await receive();
    expect(stuck.hasEnded).toBe(false);
    expect(next[0]?.body).toContain(second);
    expect((await recordOf(first))?.status).toBe('delivered');
    await invoke('deliver', handler, { Records: next });
    expect((await stuckTurn).failed).toHaveLength(1);
    expect((await recordOf(second))?.status).toBe('delivered');
  });
});

describe('the deliver function', () => {
  it('delivers a lane in order once its head succeeds', async () => {
    let down = true;
    const target = await subscriber(({ socket }) =>
      socket.write(down ? 'HTTP/1.1 503 Down\r\nretry-after: 0\r\ncontent-length: 0\r\n\r\n' : ok),
    );
    const changes = await owe(await subscribe(http(target)), 4);
    await turn();
    down = false;
    // The five seconds of the first wait are over when the message shows itself again.
    await expect.poll(async () => (await turn()).records.length, { timeout: 60_000, interval: 250 }).toBeGreaterThan(0);
    await expect
      .poll(async () => (await turn(), (await recordOf(changes[3]))?.status), { timeout: 60_000, interval: 100 })
      .toBe('delivered');
    expect(target.requests.map((request) => headersOf(request)['webhook-id'])).toEqual([changes[0], ...changes]);
  }, 150_000);

  it('lets a subscriber see a change once when two instances have it at the same time', async () => {
    // Not answered before the others have come and gone.
    const others = Promise.withResolvers<undefined>();
    const target = await subscriber(({ socket }) => void others.promise.then(() => socket.write(ok)));
    let ended = 0;
    const message = deliveryMessage({ change: randomUUID(), subscription: await subscribe(http(target)) });
    const [record] = golden().Records;
    const event = (n: number) => ({
      Records: [
        {
          ...record,
          messageId: `m-${n}`,
          receiptHandle: `r-${n}`,
          attributes: { ...record?.attributes, MessageGroupId: `g-${n}` },
          body: JSON.stringify(message),
        },
      ],
    });
    const one = async (n: number): Promise<unknown> => {
      const response = await invoke('deliver', handler, event(n));
      if ((ended += 1) === 3) others.resolve(undefined);
      return response;
    };
    const answers = await Promise.all([1, 2, 3, 4].map(one));
    expect(target.requests).toHaveLength(1);
    expect(answers.flatMap(failuresOf)).toHaveLength(3);
    expect(failuresOf(await invoke('deliver', handler, event(5)))).toEqual([]);
    expect(target.requests).toHaveLength(1);
  });

  it('reaches a subscriber whose kept connection died in between', async () => {
    const target = await subscriber(({ onConnection, socket }) => void (onConnection === 1 ? socket.write(ok) : socket.resetAndDestroy()));
    const id = await subscribe(http(target));
    const [first] = await owe(id);
    await turn();
    const [second] = await owe(id);
    await turn();
    expect([await recordOf(first), await recordOf(second)]).toMatchObject([
      { attempts: [{ status: 200 }] },
      { attempts: [{ status: 200 }] },
    ]);
    expect(target.connections()).toBe(2);
  });

  it('cancels what is owed to a subscription that is not there', async () => {
    const [change] = await owe(storedSubscription(99).id);
    expect((await turn()).failed).toEqual([]);
    expect(await recordOf(change)).toMatchObject({ status: 'cancelled', attempts: [] });
  });

  it('has written no secret, name or address to the log', () => {
    expect(allLines).not.toContain('whsec_');
    expect(allLines).not.toContain('ana@example.com');
    expect(allLines).not.toContain('Ana Ito');
    expect(allLines).not.toContain('127.0.0.1');
  });
});
