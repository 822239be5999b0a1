import { ChangeMessageVisibilityCommand, SqsCommand } from '#lib/sqs/commands.ts';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { SQSEvent } from 'aws-lambda';
import { Kafka, logLevel } from 'kafkajs';
import { provideEnvironment } from '#lib/config/environment.ts';
import type { ReplayId } from '#lib/delivery/replay-mark.ts';
import { dynamodbClient } from '#lib/dynamodb/client.ts';
import { dynamodbReplayStore } from '#lib/dynamodb/replay-store.ts';
import { ensureTopics } from '#lib/kafka/ensure-topics.ts';
import { kafkaChangeLog } from '#lib/kafka/kafka-change-log.ts';
import { topics } from '#lib/kafka/topics.ts';
import type { Replay } from '#lib/replay/replay.ts';
import { createLocalKeyFile } from '#lib/sealing/local-key-file.ts';
import { sqsClient } from '#lib/sqs/client.ts';
import { queueReceiver } from '#lib/sqs/queue-receiver.ts';
import { provideLogSink } from '#lib/telemetry/wide-line.ts';
import { localRegion, startAwsEmulators } from '../../local/aws-emulators.ts';
import { invoke, type LambdaHandler } from '../../local/lambda.ts';
import { startQueuePoller } from '../../local/queue-poller.ts';
import { TimedReceiver } from '../e2e/replay-arrivals.ts';
import { adminEvent } from '../functions/admin/admin-event.ts';
import { changeAbout } from '../support/deliveries.ts';
import { scratchFolder } from '../support/relay-process.ts';
import { ampleLimits, eventually } from '../support/relay-client.ts';

export interface Happening {
  readonly id: string;
  readonly user: string;
  /** Absent: a fact. */
  readonly isState: boolean;
}

/**
 * All that a replay needs around it, with the replay function left out: the tests are its event source mapping. A real topic, the
 * queues and tables, the admin function, the deliver function at the queue of replayed deliveries, one subscriber.
 */
export interface ReplayStage {
  readonly subscriber: TimedReceiver;
  /** Errors that deliver reported, one for each lane that one held up. */
  deliverErrors(): number;
  /** For the processes of the replay function. */
  readonly environment: Readonly<Record<string, string>>;
  /** Appends changes, one second of Okta's time after another. */
  append(happenings: readonly Happening[]): Promise<void>;
  post(window: { from: string; to: string }): Promise<ReplayId>;
  replay(id: ReplayId): Promise<Replay>;
  /** The message that asks for a run; it is hidden from then on. */
  receive(): Promise<SQSEvent>;
  remove(event: SQSEvent): Promise<void>;
  /** What SQS does by itself when the message was hidden long enough. */
  showAgain(event: SQSEvent): Promise<void>;
  /** Until nothing is on the queue of replayed deliveries, so that what comes too much is looked at as well. */
  drained(): Promise<void>;
  /** Drops the records before that offset, as retention does. */
  dropBefore(partition: number, offset: number): Promise<void>;
  stop(): Promise<void>;
}

const token = 'an-invented-admin-token';
const queueArn = `arn:aws:sqs:${localRegion}:000000000000:x.fifo`;
const firstSecondMs = Date.parse('2026-11-20T08:00:00.000Z');

export async function startReplayStage(brokers: readonly string[]): Promise<ReplayStage> {
  const scratch = scratchFolder();
  const topic = `replayed.${randomUUID()}`;
  const connection = { brokers, auth: 'none' as const, region: localRegion, clientId: 'replay-stage', topic };
  await ensureTopics(connection, { [topic]: topics['identity.changes.v1'] });
  const log = kafkaChangeLog(connection);
  const kafka = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING }).admin();
  await kafka.connect();
  const aws = await startAwsEmulators();
  createLocalKeyFile(join(scratch.path, 'key'));
  const kafkaSettings = { CHANGE_LOG: 'kafka', KAFKA_AUTH: 'none', KAFKA_BROKERS: brokers.join(','), CHANGE_TOPIC: topic };
  const environment = { ...aws.environment, ...kafkaSettings };
  const adminSettings = { ADMIN_AUTH: 'bearer', RELAY_ADMIN_TOKEN: token, ALLOW_LOOPBACK_SUBSCRIBERS: 'true' };
  provideEnvironment({ ...environment, ...adminSettings, SECRETS_KEY_FILE: join(scratch.path, 'key'), SUBSCRIPTIONS_MAX_AGE_MS: '0' });
  const lines: { readonly function?: string; readonly errors?: readonly unknown[] }[] = [];
  provideLogSink((line) => lines.push(JSON.parse(line) as (typeof lines)[number]));
  const { handler: adminHandler } = (await import('../../functions/admin/handler.ts')) as unknown as { handler: LambdaHandler };
  const { handler: deliverHandler } = (await import('../../functions/deliver/handler.ts')) as unknown as { handler: LambdaHandler };

  const sqs = sqsClient({ region: localRegion, endpoint: aws.sqsUrl });
  const dynamodb = dynamodbClient({ region: localRegion, endpoint: aws.dynamodbUrl });
  const store = dynamodbReplayStore({ client: dynamodb, table: 'replays' });
  const asked = queueReceiver(sqs, { queueUrl: aws.replaysQueueUrl, queueArn, region: localRegion });
  const delivering = startQueuePoller({
    receiver: queueReceiver(sqs, { queueUrl: aws.replayDeliveriesQueueUrl, queueArn, region: localRegion }),
    batchSize: 10,
    maxInvocations: () => 8,
    invoke: (event) => invoke('deliver', deliverHandler, event),
    onError: (error) => console.error('deliver', error),
  });
  const call = async <T>(line: `${string} /${string}`, body: object): Promise<T> => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const answer = (await invoke('admin', adminHandler, adminEvent(line, { headers, body: JSON.stringify(body) }))) as {
      statusCode: number;
      body: string;
    };
    if (answer.statusCode >= 300) throw new Error(`${line} answered ${answer.statusCode}: ${answer.body}`);
    return JSON.parse(answer.body) as T;
  };
  const subscriber = new TimedReceiver();
  const all = { name: 'everything', url: await subscriber.listen(), types: ['*'], ...ampleLimits };
  const { id: subscription, secret } = await call<{ id: string; secret: string }>('POST /v1/subscriptions', all);
  subscriber.trust(secret);
  let second = 0;

  return {
    subscriber,
    environment,
    deliverErrors: () => lines.flatMap((line) => (line.function === 'deliver' ? (line.errors ?? []) : [])).length,
    async append(happenings) {
      const records = happenings.map(({ id, user, isState }) => {
        const time = new Date(firstSecondMs + (second += 1) * 1_000).toISOString();
        const { statekey, ...fact } = changeAbout(user, id, { time, recordedtime: time });
        const change = isState ? { ...fact, statekey } : { ...fact, type: 'okta.user.session.start' };
        return { key: change.partitionkey, value: Buffer.from(JSON.stringify(change)), headers: {} };
      });
      await log.append(records, { budgetMs: 30_000 });
    },
    post: async (window) => (await call<{ id: ReplayId }>('POST /v1/replays', { subscription, ...window })).id,
    async replay(id) {
      const replay = await store.find(id);
      if (replay === undefined) throw new Error(`there is no replay ${id}`);
      return replay;
    },
    async receive() {
      const Records = await asked.receive({ maxMessages: 1, waitSeconds: 5, signal: new AbortController().signal });
      if (Records.length === 0) throw new Error('no message asks for a run');
      return { Records };
    },
    remove: ({ Records }) => asked.remove(Records.map(({ receiptHandle }) => receiptHandle)),
    async showAgain({ Records }) {
      for (const { receiptHandle } of Records)
        await sqs.send(
          new ChangeMessageVisibilityCommand({ QueueUrl: aws.replaysQueueUrl, ReceiptHandle: receiptHandle, VisibilityTimeout: 0 }),
        );
    },
    async drained() {
      const names = ['', 'NotVisible', 'Delayed'].map((state) => `ApproximateNumberOfMessages${state}`);
      const question = { QueueUrl: aws.replayDeliveriesQueueUrl, AttributeNames: names };
      await eventually(
        () => sqs.send(new SqsCommand<{ Attributes?: Record<string, string> }>('GetQueueAttributes', question)),
        ({ Attributes = {} }) => names.every((name) => Attributes[name] === '0'),
        { what: 'the end of the queue of replayed deliveries', deadlineMs: 240_000, everyMs: 200 },
      );
    },
    async dropBefore(partition, offset) {
      // kafkajs knows the leaders only of topics that it was asked about.
      await kafka.fetchTopicOffsets(topic);
      await kafka.deleteTopicRecords({ topic, partitions: [{ partition, offset: String(offset) }] });
    },
    async stop() {
      await delivering.stop();
      await log.disconnect();
      await kafka.disconnect();
      dynamodb.destroy();
      await aws.stop();
      await subscriber.close();
      scratch.remove();
    },
  };
}
