import { join } from 'node:path';
import { dynamodbClient } from '#lib/dynamodb/client.ts';
import { createTables } from '#lib/dynamodb/create-tables.ts';
import { queues } from '#lib/sqs/queues.ts';
import { startDynalite } from './emulators/dynalite.ts';
import { startFauxqs } from './emulators/fauxqs.ts';

export const localRegion = 'us-east-1';
const quarantineBucket = 'quarantine';

export interface AwsEmulators {
  readonly dynamodbUrl: string;
  readonly sqsUrl: string;
  readonly s3Url: string;
  readonly deliveriesQueueUrl: string;
  readonly changeSpoolQueueUrl: string;
  readonly replaysQueueUrl: string;
  readonly replayDeliveriesQueueUrl: string;
  /** Settings that point the functions here. */
  readonly environment: Readonly<Record<string, string>>;
  /** Messages in the deliveries queue. */
  queueDepth(): { ready: number; inFlight: number };
  stop(): Promise<void>;
}

/** DynamoDB, SQS and S3 in this process, on loopback, with the relay's tables, queue and bucket. Without `dataDir`, in memory. */
export async function startAwsEmulators(options: { dataDir?: string } = {}): Promise<AwsEmulators> {
  const folder = (name: string) => (options.dataDir === undefined ? undefined : join(options.dataDir, name));
  const [dynalite, fauxqs] = await Promise.all([
    startDynalite({ dataDir: folder('dynamodb') }),
    startFauxqs({ region: localRegion, dataDir: folder('sqs-s3') }),
  ]);

  const client = dynamodbClient({ region: localRegion, endpoint: dynalite.url });
  await createTables(client);
  client.destroy();
  const ensureQueue = (queue: (typeof queues)[keyof typeof queues]): string =>
    fauxqs.ensureQueue(queue.name, {
      FifoQueue: 'true',
      ContentBasedDeduplication: 'false',
      VisibilityTimeout: String(queue.visibilityTimeoutSeconds),
      MessageRetentionPeriod: String(queue.retentionSeconds),
    });
  const deliveriesQueueUrl = ensureQueue(queues.deliveries);
  const changeSpoolQueueUrl = ensureQueue(queues.changeSpool);
  const replaysQueueUrl = ensureQueue(queues.replays);
  const replayDeliveriesQueueUrl = ensureQueue(queues.replayDeliveries);
  fauxqs.ensureBucket(quarantineBucket);

  return {
    dynamodbUrl: dynalite.url,
    sqsUrl: fauxqs.url,
    s3Url: fauxqs.url,
    deliveriesQueueUrl,
    changeSpoolQueueUrl,
    replaysQueueUrl,
    replayDeliveriesQueueUrl,
    environment: {
      AWS_REGION: localRegion,
      AWS_ENDPOINT_URL_DYNAMODB: dynalite.url,
      AWS_ENDPOINT_URL_SQS: fauxqs.url,
      AWS_ENDPOINT_URL_S3: fauxqs.url,
      ORGS_TABLE: 'orgs',
      SENDERS_TABLE: 'senders',
      SUBSCRIPTIONS_TABLE: 'subscriptions',
      DELIVERIES_TABLE: 'deliveries',
      STATES_TABLE: 'states',
      LANES_TABLE: 'lanes',
      LIMITS_TABLE: 'limits',
      QUARANTINE_TABLE: 'quarantine',
      QUARANTINE_BUCKET: quarantineBucket,
      BATCH_ANSWER: 'partitions',
      DELIVERIES_QUEUE_URL: deliveriesQueueUrl,
      CHANGE_SPOOL_QUEUE_URL: changeSpoolQueueUrl,
      REPLAYS_TABLE: 'replays',
      REPLAYS_QUEUE_URL: replaysQueueUrl,
      REPLAY_DELIVERIES_QUEUE_URL: replayDeliveriesQueueUrl,
    },
    queueDepth: () => fauxqs.depth(queues.deliveries.name),
    async stop() {
      await Promise.all([dynalite.stop(), fauxqs.stop()]);
    },
  };
}
