import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { provideEnvironment } from '#lib/config/environment.ts';
import { provideChangeLog, provideChangeLogRange } from '#lib/config/local-parts.ts';
import { dynamodbClient } from '#lib/dynamodb/client.ts';
import { forgetSubscriptions } from '#lib/dynamodb/forget-subscriptions.ts';
import { seedOrgs } from '#lib/dynamodb/org-seed.ts';
import { releaseLeases } from '#lib/dynamodb/release-leases.ts';
import { releaseTokens } from '#lib/dynamodb/release-tokens.ts';
import { changeTopic, type ChangeLogFeed } from '#lib/intake/change-log.ts';
import { ensureTopics } from '#lib/kafka/ensure-topics.ts';
import { kafkaChangeLogFeed } from '#lib/kafka/kafka-change-log-feed.ts';
import { topics } from '#lib/kafka/topics.ts';
import { localDataKeys } from '#lib/sealing/local-data-keys.ts';
import { SecretBox } from '#lib/sealing/secret-box.ts';
import { sqsClient } from '#lib/sqs/client.ts';
import { queueReceiver } from '#lib/sqs/queue-receiver.ts';
import { queues } from '#lib/sqs/queues.ts';
import { localRegion, startAwsEmulators, type AwsEmulators } from './aws-emulators.ts';
import { startChangeLogPoller } from './change-log-poller.ts';
import { openDataFolder, type DataFolder } from './data-folder.ts';
import { openEmbeddedLog } from './embedded-log/embedded-log.ts';
import { startGateway } from './gateway.ts';
import { invoke, loadHandlers, type FunctionName } from './lambda.ts';
import { startQueuePoller, type Poller } from './queue-poller.ts';
import { localOrgs, type SeededOrg } from './local-orgs.ts';
import { builtInName, type LocalOptions } from './options.ts';
import { openRelayLog } from './relay-log.ts';
import { startTicker } from './ticker.ts';

const slowStartMs = 15_000;
const slowStartInvocations = 3;
/** Once a minute in AWS: schedules there know no seconds. */
const sweepIntervalMs = 2_000;

type OnError = (what: string, error: unknown) => void;

const pollers = {
  /** An invocation may be held up by a slow subscriber for its whole timeout; the others go on. */
  deliver: { queue: queues.deliveries, url: (aws: AwsEmulators) => aws.deliveriesQueueUrl, maxInvocations: 32 },
  respool: { queue: queues.changeSpool, url: (aws: AwsEmulators) => aws.changeSpoolQueueUrl, maxInvocations: 2 },
  replay: { queue: queues.replays, url: (aws: AwsEmulators) => aws.replaysQueueUrl, maxInvocations: 2 },
  /** Few: what is sent again leaves the machine to what is sent now. */
  'deliver replays': { queue: queues.replayDeliveries, url: (aws: AwsEmulators) => aws.replayDeliveriesQueueUrl, maxInvocations: 8 },
} as const;

export interface LocalRelay {
  readonly url: string;
  readonly adminToken: string;
  readonly orgs: readonly SeededOrg[];
  readonly changeLog: string;
  readonly logFile: string;
  /** What is under way, for those who watch: messages in the queue and invocations of deliver. */
  inFlight(): { queued: number; delivering: number };
  stop(): Promise<void>;
}

/**
 * Boots the whole relay in this process, on loopback. The gateway listens last, once everything behind it is up.
 * @throws RelayError LOCAL_START_FAILED naming what is wrong; nothing is left running then
 */
export async function startRelay(options: LocalOptions, onError: OnError): Promise<LocalRelay> {
  await using parts = new AsyncDisposableStack();
  const folder = openDataFolder(options.dataDir);
  parts.defer(() => folder.release());
  const logFile = openRelayLog(folder.path);

  const aws = await startAwsEmulators({ dataDir: folder.path });
  parts.defer(() => aws.stop());
  const adminToken = options.adminToken ?? `rat_${folder.derive('admin token')}`;
  const orgs = await seed(options, folder, aws);
  const log = await openChangeLog(options, folder, onError);
  parts.defer(() => log.close());
  provideEnvironment({ ...aws.environment, ...environment(options, folder, adminToken) });

  const handlers = await loadHandlers();
  const call = (name: FunctionName) => (event: unknown) => invoke(name, handlers[name], event);
  const deliveries = startQueue(aws, 'deliver', call('deliver'), onError);
  parts.defer(() => deliveries.stop());
  const respooling = startQueue(aws, 'respool', call('respool'), onError);
  parts.defer(() => respooling.stop());
  const replays = startQueue(aws, 'replay', call('replay'), onError);
  parts.defer(() => replays.stop());
  const replayed = startQueue(aws, 'deliver replays', call('deliver'), onError);
  parts.defer(() => replayed.stop());
  const sweeping = startTicker({
    intervalMs: sweepIntervalMs,
    invoke: () => call('sweep')({}),
    onError: (error) => onError('sweep', error),
  });
  parts.defer(() => sweeping.stop());
  const changes = await startChangeLogPoller({ feed: log.feed, invoke: call('fan-out'), onError: (error) => onError('fan-out', error) });
  parts.defer(() => changes.stop());
  const gateway = await startGateway({
    port: options.port,
    okta: call('receive-hook'),
    admin: call('admin'),
    onError: (error) => onError('a request', error),
  });
  parts.defer(() => gateway.stop());

  const running = parts.move();
  return {
    url: gateway.url,
    adminToken,
    orgs,
    changeLog: log.name,
    logFile,
    inFlight: () => ({ queued: aws.queueDepth().ready + aws.queueDepth().inFlight, delivering: deliveries.inFlight() }),
    stop: () => running.disposeAsync(),
  };
}

function environment(options: LocalOptions, folder: DataFolder, adminToken: string): Record<string, string> {
  return {
    ADMIN_AUTH: 'bearer',
    RELAY_ADMIN_TOKEN: adminToken,
    ALLOW_LOOPBACK_SUBSCRIBERS: 'true',
    SUBSCRIPTIONS_MAX_AGE_MS: '0',
    SWEEP_INTERVAL_MS: String(sweepIntervalMs),
    SECRETS_KEY_FILE: folder.keyFile,
    ...(options.kafkaBrokers === undefined
      ? { CHANGE_LOG: 'embedded' }
      : { CHANGE_LOG: 'kafka', KAFKA_AUTH: 'none', KAFKA_BROKERS: options.kafkaBrokers.join(',') }),
  };
}

/**
 * Orgs of flags and file are what those say, no more: one that is no longer named is taken out; those of the API stay. Leases of the last
 * process have nobody left to end them.
 */
async function seed(options: LocalOptions, folder: DataFolder, aws: AwsEmulators): Promise<SeededOrg[]> {
  const box = new SecretBox(localDataKeys(folder.keyFile), { now: () => new Date() });
  const orgs = await localOrgs(options.orgs, box, folder.derive);
  const client = dynamodbClient({ region: localRegion, endpoint: aws.dynamodbUrl });
  await seedOrgs(client, { table: 'orgs', orgs: orgs.map(({ org }) => org) });
  await forgetSubscriptions(client, { table: 'subscriptions', name: builtInName });
  for (const table of ['deliveries', 'states']) await releaseLeases(client, { table, now: new Date() });
  await releaseTokens({ client, table: 'lanes' }, new Date());
  client.destroy();
  return orgs;
}

async function openChangeLog(
  options: LocalOptions,
  folder: DataFolder,
  onError: OnError,
): Promise<{ name: string; feed: ChangeLogFeed; close(): Promise<void> }> {
  if (options.kafkaBrokers !== undefined) {
    const connection = {
      brokers: [...options.kafkaBrokers],
      auth: 'none' as const,
      region: localRegion,
      clientId: 'okta-event-relay-local',
    };
    await ensureTopics(connection);
    return {
      name: `Kafka at ${options.kafkaBrokers.join(', ')}`,
      feed: kafkaChangeLogFeed({
        ...connection,
        topic: changeTopic,
        logSink: ({ level, message }) => (level === 'error' ? onError('Kafka', new Error(message)) : undefined),
      }),
      close: async () => undefined,
    };
  }
  const dir = join(folder.path, 'log');
  mkdirSync(dir, { recursive: true });
  const log = await openEmbeddedLog({
    dir,
    topic: changeTopic,
    partitions: topics[changeTopic].partitions,
    onStall: (error) => onError('the change log', error),
  });
  provideChangeLog(log);
  provideChangeLogRange(log.range);
  return { name: `embedded, in ${dir}`, feed: log, close: () => log.close() };
}

/** Polls one queue for one function. `maxInvocations` run at a time. */
function startQueue(
  aws: AwsEmulators,
  name: keyof typeof pollers,
  invokeFunction: (event: unknown) => Promise<unknown>,
  onError: OnError,
): Poller {
  const { queue, url, maxInvocations } = pollers[name];
  const startedAtMs = Date.now();
  const client = sqsClient({ region: localRegion, endpoint: aws.sqsUrl });
  const queueArn = `arn:aws:sqs:${localRegion}:000000000000:${queue.name}`;
  return startQueuePoller({
    receiver: queueReceiver(client, { queueUrl: url(aws), queueArn, region: localRegion }),
    batchSize: queue.batchSize,
    // What waited in the queue over a restart comes all at once: the door must still answer in time meanwhile.
    maxInvocations: () => (Date.now() - startedAtMs < slowStartMs ? Math.min(maxInvocations, slowStartInvocations) : maxInvocations),
    invoke: invokeFunction,
    onError: (error) => onError(name, error),
  });
}
