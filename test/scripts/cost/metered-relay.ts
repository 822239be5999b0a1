import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SQSRecord } from 'aws-lambda';
import { vi } from 'vitest';
import { provideEnvironment } from '#lib/config/environment.ts';
import { provideChangeLog } from '#lib/config/local-parts.ts';
import { dynamodbClient } from '#lib/dynamodb/client.ts';
import { dynamodbOrgStore } from '#lib/dynamodb/org-store.ts';
import { dynamodbSubscriptionStore } from '#lib/dynamodb/subscription-store.ts';
import { partitionOfKey } from '#lib/kafka/partition-of-key.ts';
import { topics } from '#lib/kafka/topics.ts';
import { orgSchema } from '#lib/okta/org.ts';
import { digestOf } from '#lib/okta/secret-digest.ts';
import { localDataKeys } from '#lib/sealing/local-data-keys.ts';
import { createLocalKeyFile } from '#lib/sealing/local-key-file.ts';
import { SecretBox } from '#lib/sealing/secret-box.ts';
import { sqsClient } from '#lib/sqs/client.ts';
import { queueReceiver } from '#lib/sqs/queue-receiver.ts';
import { provideLogSink } from '#lib/telemetry/wide-line.ts';
import { localRegion, startAwsEmulators } from '../../../local/aws-emulators.ts';
import { mskEvent } from '../../../local/change-log-poller.ts';
import { invoke, type FunctionName, type LambdaHandler } from '../../../local/lambda.ts';
import { goldenEvent } from '../../fixtures/aws/http-api-events.ts';
import { InMemoryChangeLog } from '../../lib/intake/in-memory-ports.ts';
import { ok, startRawSubscriber } from '../../lib/https/raw-subscriber.ts';
import { storedSubscription } from '../../lib/subscriptions/stored-subscription.ts';
import { startMeteringProxy, type Metered } from '../../support/metering-proxy.ts';
import { metricsIn } from './metrics-in.ts';

/** What one invocation did. */
export interface Invocation {
  /** Calls of DynamoDB and SQS, by kind. */
  readonly calls: ReadonlyMap<string, Metered>;
  /** Bytes of its lines in the log. */
  readonly logBytes: number;
  /** Metrics among these lines. */
  readonly metrics: readonly string[];
}

export interface MeteredRelay {
  /** Makes active subscriptions to everything until there are so many. */
  subscribe(count: number): Promise<void>;
  /** One hook request about so many people, each of whom leaves a group. */
  receiveHook(people: number): Promise<Invocation>;
  /** One batch of all that was received since. `changes`: how many of them each partition had that was hit. */
  fanOut(): Promise<Invocation & { readonly changes: readonly number[] }>;
  /** Everything on the queue, as Lambda would receive it. */
  queued(): Promise<SQSRecord[]>;
  deliver(records: readonly SQSRecord[]): Promise<Invocation>;
  /** The subscriber answers 503. */
  fail(record: SQSRecord): Promise<Invocation>;
  sweep(): Promise<Invocation>;
  /** The clock stands still but for this. */
  pass(ms: number): void;
  delivered(): number;
  /** Everything that a function ever asked of DynamoDB and SQS: "dynamodb:GetItem on orgs". */
  asked(name: FunctionName): ReadonlySet<string>;
  stop(): Promise<void>;
}

/**
 * The handlers that are deployed, on emulators that are metered. The clock stands, and timers do not go off: what is written or kept for a
 * time is counted alike on a slow machine.
 */
export async function startMeteredRelay(): Promise<MeteredRelay> {
  const folder = mkdtempSync(join(tmpdir(), 'metered-relay-'));
  const keyFile = join(folder, 'key');
  createLocalKeyFile(keyFile);
  const aws = await startAwsEmulators();
  const meters = await Promise.all([startMeteringProxy(aws.dynamodbUrl), startMeteringProxy(aws.sqsUrl)]);
  let answers: 'ok' | 'unavailable' = 'ok';
  const unavailable = 'HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n';
  const subscriber = await startRawSubscriber(({ socket }) => void socket.write(answers === 'ok' ? ok : unavailable));
  const dynamodb = dynamodbClient({ region: localRegion, endpoint: aws.dynamodbUrl });
  const hosts = ['acme.okta.com'];
  const authentication = [{ kind: 'header', headerName: 'authorization', digests: [digestOf('acme hook secret')] }];
  await dynamodbOrgStore({ client: dynamodb, table: 'orgs' }).put(orgSchema.parse({ id: 'acme', hosts, authentication }));

  const log = new InMemoryChangeLog();
  provideEnvironment({
    ...aws.environment,
    AWS_ENDPOINT_URL_DYNAMODB: meters[0].url,
    AWS_ENDPOINT_URL_SQS: meters[1].url,
    // Nothing on this path keeps a body: a call would find nobody there, and fail.
    AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:1',
    CHANGE_LOG: 'embedded',
    SECRETS_KEY_FILE: keyFile,
    ALLOW_LOOPBACK_SUBSCRIBERS: 'true',
    // Metrics are lines of the log.
    METRICS_NAMESPACE: 'okta-event-relay-prod',
  });
  provideChangeLog(log);
  let lines: string[] = [];
  provideLogSink((line) => {
    lines.push(line);
  });
  vi.useFakeTimers({ toFake: ['Date', 'setTimeout', 'clearTimeout'], now: new Date('2026-11-21T12:00:00.100Z') });

  const asked = new Map<FunctionName, Set<string>>();
  async function run(name: FunctionName, event: unknown): Promise<Invocation> {
    const { handler } = (await import(`../../../functions/${name}/handler.ts`)) as { handler: LambdaHandler };
    for (const meter of meters) {
      meter.take();
      meter.asked.clear();
    }
    lines = [];
    // The early timeout of the handlers is on the real clock: a machine that is slow for a moment must not end an invocation.
    const patient: LambdaHandler = (arrived, context) => handler(arrived, { ...context, getRemainingTimeInMillis: () => 30_000 });
    const answer = (await invoke(name, patient, event)) as { batchItemFailures?: unknown[]; statusCode?: number } | undefined;
    const { batchItemFailures = [], statusCode = 200 } = answer ?? {};
    if (batchItemFailures.length !== (answers === 'ok' ? 0 : 1) || statusCode !== 200)
      throw new Error(`${name} did otherwise: ${lines.join('\n')}`);
    asked.set(name, new Set([...(asked.get(name) ?? []), ...meters.flatMap((meter) => [...meter.asked])]));
    const calls = new Map(meters.flatMap((meter) => [...meter.take()]));
    return { calls, logBytes: Buffer.byteLength(lines.join('')), metrics: metricsIn(lines) };
  }

  let subscriptions = 0;
  const box = new SecretBox(localDataKeys(keyFile), { now: () => new Date() });
  const receiver = queueReceiver(sqsClient({ region: localRegion, endpoint: aws.sqsUrl }), {
    queueUrl: aws.deliveriesQueueUrl,
    queueArn: 'arn:aws:sqs:us-east-1:000000000000:deliveries.fifo',
    region: localRegion,
  });
  return {
    async subscribe(count) {
      const store = dynamodbSubscriptionStore({ client: dynamodb, table: 'subscriptions' });
      while (subscriptions < count) {
        const fresh = storedSubscription((subscriptions += 1), { types: ['*'], url: `http://127.0.0.1:${subscriber.port}/hook` });
        const sealed = await box.seal(`whsec_${Buffer.alloc(32, 9).toString('base64')}`, { purpose: 'signing-secret', owner: fresh.id });
        await store.create({ ...fresh, signingSecrets: [{ sealed, createdAt: fresh.createdAt }] });
      }
    },
    receiveHook: (people) => run('receive-hook', hookAbout(people)),
    async fanOut() {
      const { partitions: count } = topics['identity.changes.v1'];
      const received = Map.groupBy(log.records.splice(0), ({ key }) => partitionOfKey(key, count));
      const records = [...received].flatMap(([partition, changes]) =>
        changes.map(({ key, value, headers }, offset) => ({
          ...{ topic: 'identity.changes.v1', partition, offset, timestampMs: Date.now() },
          ...{ key: Buffer.from(key), value },
          headers: Object.entries(headers).map(([name, text]) => ({ name, value: Buffer.from(text) })),
        })),
      );
      return { ...(await run('fan-out', mskEvent(records))), changes: [...received.values()].map(({ length }) => length) };
    },
    async queued() {
      const all: SQSRecord[] = [];
      for (;;) {
        const records = await receiver.receive({ maxMessages: 10, waitSeconds: 0, signal: new AbortController().signal });
        if (records.length === 0) return all;
        all.push(...records);
      }
    },
    async deliver(records) {
      const delivered = await run('deliver', { Records: records });
      await receiver.remove(records.map(({ receiptHandle }) => receiptHandle));
      return delivered;
    },
    async fail(record) {
      answers = 'unavailable';
      const failed = await run('deliver', { Records: [record] });
      answers = 'ok';
      return failed;
    },
    sweep: () => run('sweep', {}),
    pass: (ms) => void vi.setSystemTime(Date.now() + ms),
    delivered: () => subscriber.requests.length,
    asked: (name) => asked.get(name) ?? new Set(),
    async stop() {
      vi.useRealTimers();
      await Promise.all([...meters.map((meter) => meter.stop()), aws.stop(), subscriber.close()]);
      dynamodb.destroy();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

let people = 0;
/** Somebody else each time: nobody's state is known yet. */
function hookAbout(count: number): object {
  const golden = goldenEvent('events-post');
  const body = JSON.parse(golden.body ?? '') as { data: { events: { uuid: string; published: string; target: { id: string }[] }[] } };
  const [, leaves] = body.data.events;
  if (leaves === undefined) throw new Error('The golden event has no second event');
  const events = Array.from({ length: count }, () => {
    const [person, group] = leaves.target;
    const id = `00uMetered${String((people += 1)).padStart(10, '0')}`;
    return { ...leaves, uuid: randomUUID(), published: new Date().toISOString(), target: [{ ...person, id }, group] };
  });
  const requestContext = { ...golden.requestContext, timeEpoch: Date.now() };
  return { ...golden, requestContext, body: JSON.stringify({ ...body, data: { ...body.data, events } }) };
}
