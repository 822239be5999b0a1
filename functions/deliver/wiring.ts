import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { readConfig } from '#lib/config/read-config.ts';
import { Circuits } from '#lib/delivery/circuits.ts';
import type { DeliverParts } from '#lib/delivery/deliver-parts.ts';
import { FailureWindow } from '#lib/delivery/failure-window.ts';
import type { LaneQueue } from '#lib/delivery/lane-store.ts';
import { LeasedLimiter } from '#lib/delivery/leased-limiter.ts';
import { PatientLimiter } from '#lib/delivery/patient-limiter.ts';
import { dynamodbClient } from '#lib/dynamodb/client.ts';
import { dynamodbDeliveryStore } from '#lib/dynamodb/delivery-store.ts';
import { dynamodbLaneStore } from '#lib/dynamodb/lane-store.ts';
import { dynamodbLimitStore } from '#lib/dynamodb/limit-store.ts';
import { dynamodbQuarantineIndex } from '#lib/dynamodb/quarantine-index.ts';
import { dynamodbStaleGuard } from '#lib/dynamodb/state-guard.ts';
import { dynamodbSubscriptionStore } from '#lib/dynamodb/subscription-store.ts';
import { storedQuarantine } from '#lib/quarantine/stored-quarantine.ts';
import { s3Client } from '#lib/s3/client.ts';
import { s3QuarantineBodies } from '#lib/s3/quarantine-bodies.ts';
import { SecretBox } from '#lib/sealing/secret-box.ts';
import { sqsClient } from '#lib/sqs/client.ts';
import { sqsMessageRemoval } from '#lib/sqs/message-removal.ts';
import { sqsMessageVisibility } from '#lib/sqs/message-visibility.ts';
import { SubscriptionDirectory } from '#lib/subscriptions/subscription-directory.ts';
import { emfMetrics } from '#lib/telemetry/metrics.ts';
import { writeLine } from '#lib/telemetry/wide-line.ts';
import { httpsWebhookSender } from '#lib/https/webhook-sender.ts';
import { dataKeys } from '#lib/wiring/data-keys.ts';

const config = readConfig([
  'AWS_REGION',
  'SUBSCRIPTIONS_TABLE',
  'DELIVERIES_TABLE',
  'STATES_TABLE',
  'LANES_TABLE',
  'LIMITS_TABLE',
  'QUARANTINE_TABLE',
  'QUARANTINE_BUCKET',
  'DELIVERIES_QUEUE_URL',
  'REPLAY_DELIVERIES_QUEUE_URL',
  'SECRETS_KEY_ID',
  'SECRETS_KEY_FILE',
  'ALLOW_LOOPBACK_SUBSCRIBERS',
  'ATTEMPT_TIMEOUT_MS',
  'AWS_ENDPOINT_URL_DYNAMODB',
  'AWS_ENDPOINT_URL_SQS',
  'AWS_ENDPOINT_URL_S3',
  'METRICS_NAMESPACE',
  'LOG_LEVEL',
]);

const now = () => new Date();
const region = config.AWS_REGION;
const dynamodb = dynamodbClient({ region, endpoint: config.AWS_ENDPOINT_URL_DYNAMODB });
const sqs = sqsClient({ region, endpoint: config.AWS_ENDPOINT_URL_SQS });
const subscriptions = dynamodbSubscriptionStore({ client: dynamodb, table: config.SUBSCRIPTIONS_TABLE });
const directory = new SubscriptionDirectory(subscriptions, { now });

const metrics = emfMetrics({ namespace: config.METRICS_NAMESPACE, now, write: writeLine });
export const telemetry = { now, level: config.LOG_LEVEL, metrics };

const delivering: DeliverParts = {
  store: dynamodbDeliveryStore({ client: dynamodb, table: config.DELIVERIES_TABLE, now }),
  guard: dynamodbStaleGuard({ client: dynamodb, table: config.STATES_TABLE }),
  lanes: dynamodbLaneStore({ client: dynamodb, table: config.LANES_TABLE }),
  subscriptions: directory,
  // In module scope: what this environment has seen of each endpoint outlives the invocation.
  circuits: new Circuits({
    store: subscriptions,
    window: new FailureWindow(),
    metrics,
    forget: (id) => {
      directory.forget(id);
    },
    newEventId: () => randomUUID(),
  }),
  limiter: new PatientLimiter(
    new LeasedLimiter({
      store: dynamodbLimitStore({ client: dynamodb, table: config.LIMITS_TABLE }),
      now,
      after: (ms, run) => void setTimeout(run, ms).unref(),
    }),
    { now, pause: (ms) => pause(ms) },
  ),
  secrets: new SecretBox(dataKeys(config), { now }),
  // In module scope, so that its connections outlive the invocation.
  sender: httpsWebhookSender({ allowLoopback: config.ALLOW_LOOPBACK_SUBSCRIBERS, now, monotonicMs: () => performance.now() }),
  ...messagesOf('deliveries', config.DELIVERIES_QUEUE_URL),
  quarantine: storedQuarantine({
    bodies: s3QuarantineBodies({ client: s3Client({ region, endpoint: config.AWS_ENDPOINT_URL_S3 }), bucket: config.QUARANTINE_BUCKET }),
    index: dynamodbQuarantineIndex({ client: dynamodb, table: config.QUARANTINE_TABLE, now }),
  }),
  metrics,
  now,
  random: () => Math.random(),
  newLease: () => randomUUID(),
  attemptTimeoutMs: config.ATTEMPT_TIMEOUT_MS,
  // A second, with the timeout of 15 s: longer than a healthy batch takes, short beside a silent endpoint.
  patienceMs: config.ATTEMPT_TIMEOUT_MS / 15,
};

const replayed: DeliverParts = { ...delivering, ...messagesOf('replayDeliveries', config.REPLAY_DELIVERIES_QUEUE_URL) };

function messagesOf(queue: LaneQueue, queueUrl: string): Pick<DeliverParts, 'queue' | 'visibility' | 'removal'> {
  return { queue, visibility: sqsMessageVisibility({ client: sqs, queueUrl }), removal: sqsMessageRemoval({ client: sqs, queueUrl }) };
}

/** Messages wait in the queue they came from, and a batch comes from one. An ARN and a URL of a queue both end in its name. */
export function deliveringFrom(queueArn: string | undefined): DeliverParts {
  return queueArn?.split(':').at(-1) === config.REPLAY_DELIVERIES_QUEUE_URL.split('/').at(-1) ? replayed : delivering;
}
