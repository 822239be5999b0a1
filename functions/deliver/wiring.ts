import { randomUUID } from 'node:crypto';
import { readConfig } from '#lib/config/read-config.ts';
import type { DeliverParts } from '#lib/delivery/deliver-parts.ts';
import { dynamodbClient } from '#lib/dynamodb/client.ts';
import { dynamodbDeliveryStore } from '#lib/dynamodb/delivery-store.ts';
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
import { undiciWebhookSender } from '#lib/undici/webhook-sender.ts';
import { dataKeys } from '#lib/wiring/data-keys.ts';

const config = readConfig([
  'AWS_REGION',
  'SUBSCRIPTIONS_TABLE',
  'DELIVERIES_TABLE',
  'STATES_TABLE',
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
  'LOG_LEVEL',
]);

const now = () => new Date();
const region = config.AWS_REGION;
const dynamodb = dynamodbClient({ region, endpoint: config.AWS_ENDPOINT_URL_DYNAMODB });
const sqs = sqsClient({ region, endpoint: config.AWS_ENDPOINT_URL_SQS });
const subscriptions = dynamodbSubscriptionStore({ client: dynamodb, table: config.SUBSCRIPTIONS_TABLE });
const directory = new SubscriptionDirectory(subscriptions, { now });

export const telemetry = { now, level: config.LOG_LEVEL };

const delivering: DeliverParts = {
  store: dynamodbDeliveryStore({ client: dynamodb, table: config.DELIVERIES_TABLE, now }),
  guard: dynamodbStaleGuard({ client: dynamodb, table: config.STATES_TABLE }),
  subscriptions: {
    find: (id) => directory.find(id),
    async disable(id, at) {
      await subscriptions.setStatus(id, 'disabled', at);
      directory.forget(id);
    },
  },
  secrets: new SecretBox(dataKeys(config), { now }),
  // In module scope, so that its connections outlive the invocation.
  sender: undiciWebhookSender({ allowLoopback: config.ALLOW_LOOPBACK_SUBSCRIBERS, now, monotonicMs: () => performance.now() }),
  ...messagesOf(config.DELIVERIES_QUEUE_URL),
  quarantine: storedQuarantine({
    bodies: s3QuarantineBodies({ client: s3Client({ region, endpoint: config.AWS_ENDPOINT_URL_S3 }), bucket: config.QUARANTINE_BUCKET }),
    index: dynamodbQuarantineIndex({ client: dynamodb, table: config.QUARANTINE_TABLE, now }),
  }),
  now,
  random: () => Math.random(),
  newLease: () => randomUUID(),
  attemptTimeoutMs: config.ATTEMPT_TIMEOUT_MS,
  // A second, with the timeout of 15 s: longer than a healthy batch takes, short beside a silent endpoint.
  patienceMs: config.ATTEMPT_TIMEOUT_MS / 15,
};

const replayed: DeliverParts = { ...delivering, ...messagesOf(config.REPLAY_DELIVERIES_QUEUE_URL) };

function messagesOf(queueUrl: string): Pick<DeliverParts, 'visibility' | 'removal'> {
  return { visibility: sqsMessageVisibility({ client: sqs, queueUrl }), removal: sqsMessageRemoval({ client: sqs, queueUrl }) };
}

/** Messages wait in the queue they came from, and a batch comes from one. An ARN and a URL of a queue both end in its name. */
export function deliveringFrom(queueArn: string | undefined): DeliverParts {
  return queueArn?.split(':').at(-1) === config.REPLAY_DELIVERIES_QUEUE_URL.split('/').at(-1) ? replayed : delivering;
}
