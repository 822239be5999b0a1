import { join } from 'node:path';
import { vi } from 'vitest';
import type { DeliveryMessage } from '#lib/delivery/delivery.ts';
import { dynamodbClient } from '#lib/dynamodb/client.ts';
import { dynamodbOrgStore } from '#lib/dynamodb/org-store.ts';
import { dynamodbSubscriptionStore } from '#lib/dynamodb/subscription-store.ts';
import { changeTopic, type Consumption } from '#lib/intake/change-log.ts';
import { ensureTopics } from '#lib/kafka/ensure-topics.ts';
import { kafkaChangeLogFeed } from '#lib/kafka/kafka-change-log-feed.ts';
import { orgSchema } from '#lib/okta/org.ts';
import { digestOf } from '#lib/okta/secret-digest.ts';
import { createLocalKeyFile } from '#lib/sealing/local-key-file.ts';
import { sqsClient } from '#lib/sqs/client.ts';
import { queueReceiver } from '#lib/sqs/queue-receiver.ts';
import { localRegion, startAwsEmulators } from '../../local/aws-emulators.ts';
import { startChangeLogPoller } from '../../local/change-log-poller.ts';
import { invoke, type LambdaHandler } from '../../local/lambda.ts';
import { goldenEvent } from '../fixtures/aws/http-api-events.ts';
import { startAwsFaultProxy, type AwsFaultProxy } from '../support/aws-fault-proxy.ts';
import { subscriptionNamed } from '../support/deliveries.ts';
import { startKafkaBroker, type KafkaBroker } from '../support/kafka-broker.ts';
import { scratchFolder } from '../support/relay-process.ts';
import { startCutOff, type CutOff } from './cut-off.ts';

/** What fan-out was asked for one partition, and what it answered about it. */
export interface PartTried {
  readonly partition: string;
  readonly firstOffset: number;
  /** From where it is to be read again; undefined when it is done. */
  readonly resumeAt: number | undefined;
}

/** The exported handlers, each dependency within reach of a fault: Kafka can be killed, SQS and DynamoDB cut off. */
export interface FunctionsOnKafka {
  readonly sqs: AwsFaultProxy;
  /** The way there. */
  readonly sqsLine: CutOff;
  readonly dynamodb: CutOff;
  readonly tried: PartTried[];
  killBroker(): Promise<void>;
  startBroker(): Promise<void>;
  receiveHook(body: string): Promise<{ statusCode: number; tookMs: number }>;
  /** Gives respool what is in the spool now. */
  respool(): Promise<void>;
  /** Reads the topic for fan-out as the event source mapping does. */
  pollForFanOut(): Promise<Consumption>;
  /** Takes the deliveries that are in the queue now. */
  takeDeliveries(): Promise<DeliveryMessage[]>;
  stop(): Promise<void>;
}

/**
 * Nothing of it is left running when it cannot be started.
 * @param between puts something between the functions and their broker, and answers where that is
 */
export async function startFunctionsOnKafka(between?: (broker: string) => Promise<string>): Promise<FunctionsOnKafka> {
  await using parts = new AsyncDisposableStack();
  const scratch = scratchFolder();
  parts.defer(() => scratch.remove());
  const dataDir = join(scratch.path, 'kafka');
  const keyFile = join(scratch.path, 'key');
  let broker: KafkaBroker = await startKafkaBroker({ dataDir });
  parts.defer(() => broker.kill());
  const connection = { brokers: [broker.brokers], auth: 'none' as const, region: localRegion, clientId: 'test' };
  await ensureTopics(connection);
  const aws = await startAwsEmulators();
  parts.defer(() => aws.stop());
  const sqs = await startAwsFaultProxy(aws.sqsUrl);
  parts.defer(() => sqs.stop());
  const sqsLine = await startCutOff(sqs.url);
  parts.defer(() => sqsLine.stop());
  const dynamodb = await startCutOff(aws.dynamodbUrl);
  parts.defer(() => dynamodb.stop());
  createLocalKeyFile(keyFile);
  await seed(aws.dynamodbUrl);
  // A fresh environment, as Lambda starts one: nothing is known of the last test's servers.
  vi.resetModules();
  const { provideEnvironment } = await import('#lib/config/environment.ts');
  const { provideLogSink } = await import('#lib/telemetry/wide-line.ts');
  provideEnvironment({
    ...aws.environment,
    AWS_ENDPOINT_URL_SQS: sqsLine.url,
    AWS_ENDPOINT_URL_DYNAMODB: dynamodb.url,
    SUBSCRIPTIONS_MAX_AGE_MS: '0',
    SECRETS_KEY_FILE: keyFile,
    CHANGE_LOG: 'kafka',
    KAFKA_AUTH: 'none',
    KAFKA_BROKERS: (await between?.(broker.brokers)) ?? broker.brokers,
  });
  // What the functions say is not asked about here; without this it would stand in the output of the tests.
  provideLogSink(() => undefined);
  const receiveHookHandler = await load('receive-hook');
  const respoolHandler = await load('respool');
  const fanOutHandler = await load('fan-out');
  const client = sqsClient({ region: localRegion, endpoint: aws.sqsUrl });
  const receiver = (queueUrl: string) => queueReceiver(client, { queueUrl, queueArn: '', region: localRegion });
  const [spool, deliveries] = [receiver(aws.changeSpoolQueueUrl), receiver(aws.deliveriesQueueUrl)];
  const atOnce = { maxMessages: 10, waitSeconds: 0, signal: new AbortController().signal };
  const tried: PartTried[] = [];
  const running = parts.move();
  return {
    sqs,
    sqsLine,
    dynamodb,
    tried,
    killBroker: () => broker.kill(),
    async startBroker() {
      broker = await startKafkaBroker({ dataDir, port: broker.port });
    },
    async receiveHook(body) {
      const golden = goldenEvent('events-post');
      const timeEpoch = Date.now();
      const event = { ...golden, body, requestContext: { ...golden.requestContext, timeEpoch } };
      const { statusCode } = (await invoke('receive-hook', receiveHookHandler, event)) as { statusCode: number };
      return { statusCode, tookMs: Date.now() - timeEpoch };
    },
    async respool() {
      for (let records = await spool.receive(atOnce); records.length > 0; records = await spool.receive(atOnce)) {
        const { batchItemFailures } = (await invoke('respool', respoolHandler, { Records: records })) as { batchItemFailures: unknown[] };
        if (batchItemFailures.length > 0) throw new Error('respool could not put back what is in the spool');
        await spool.remove(records.map(({ receiptHandle }) => receiptHandle));
      }
    },
    pollForFanOut: () =>
      startChangeLogPoller({
        feed: kafkaChangeLogFeed({ ...connection, topic: changeTopic, backOff: () => 100 }),
        onError: () => undefined,
        async invoke(event) {
          const answer = await invoke('fan-out', fanOutHandler, event);
          tried.push(...partsOf(event as MskEvent, answer as MskAnswer));
          return answer;
        },
      }),
    async takeDeliveries() {
      const taken: DeliveryMessage[] = [];
      for (let records = await deliveries.receive(atOnce); records.length > 0; records = await deliveries.receive(atOnce)) {
        taken.push(...records.map(({ body }) => JSON.parse(body) as DeliveryMessage));
        await deliveries.remove(records.map(({ receiptHandle }) => receiptHandle));
      }
      return taken;
    },
    stop: () => running.disposeAsync(),
  };
}

interface MskEvent {
  readonly records: Readonly<Record<string, readonly { readonly offset: number }[]>>;
}
interface MskAnswer {
  readonly batchItemFailures: readonly { readonly itemIdentifier: { readonly partition: string; readonly offset: number } }[];
}

function partsOf({ records }: MskEvent, { batchItemFailures }: MskAnswer): PartTried[] {
  return Object.entries(records).map(([partition, list]) => ({
    partition,
    firstOffset: list[0]!.offset,
    resumeAt: batchItemFailures.find(({ itemIdentifier }) => itemIdentifier.partition === partition)?.itemIdentifier.offset,
  }));
}

async function seed(endpoint: string): Promise<void> {
  const client = dynamodbClient({ region: localRegion, endpoint });
  const org = orgSchema.parse({
    id: 'acme',
    hosts: ['acme.okta.com'],
    authentication: [{ kind: 'header', headerName: 'authorization', digests: [digestOf('acme hook secret')] }],
  });
  await dynamodbOrgStore({ client, table: 'orgs' }).put(org);
  await dynamodbSubscriptionStore({ client, table: 'subscriptions' }).create(subscriptionNamed('everything'));
  client.destroy();
}

async function load(name: string): Promise<LambdaHandler> {
  return ((await import(`../../functions/${name}/handler.ts`)) as { handler: LambdaHandler }).handler;
}
