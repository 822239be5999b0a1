import { randomUUID } from 'node:crypto';
import { configError, readConfig } from '#lib/config/read-config.ts';
import type { DeliverParts } from '#lib/delivery/deliver-parts.ts';
import { dynamodbClient } from '#lib/dynamodb/client.ts';
import { dynamodbDeliveryStore } from '#lib/dynamodb/delivery-store.ts';
import { dynamodbQuarantineIndex } from '#lib/dynamodb/quarantine-index.ts';
import { dynamodbSubscriptionStore } from '#lib/dynamodb/subscription-store.ts';
import { kmsDataKeys } from '#lib/kms/kms-data-keys.ts';
import { storedQuarantine } from '#lib/quarantine/stored-quarantine.ts';
import { s3Client } from '#lib/s3/client.ts';
import { s3QuarantineBodies } from '#lib/s3/quarantine-bodies.ts';
import type { DataKeys } from '#lib/sealing/data-keys.ts';
import { localDataKeys } from '#lib/sealing/local-data-keys.ts';
import { SecretBox } from '#lib/sealing/secret-box.ts';
import { sqsClient } from '#lib/sqs/client.ts';
import { sqsMessageVisibility } from '#lib/sqs/message-visibility.ts';
import { SubscriptionDirectory } from '#lib/subscriptions/subscription-directory.ts';
import { undiciWebhookSender } from '#lib/undici/webhook-sender.ts';

const config = readConfig([
  'AWS_REGION',
  'SUBSCRIPTIONS_TABLE',
  'DELIVERIES_TABLE',
  'QUARANTINE_TABLE',
  'QUARANTINE_BUCKET',
  'DELIVERIES_QUEUE_URL',
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
const subscriptions = dynamodbSubscriptionStore({ client: dynamodb, table: config.SUBSCRIPTIONS_TABLE });
const directory = new SubscriptionDirectory(subscriptions, { now });

export const telemetry = { now, level: config.LOG_LEVEL };

export const delivering: DeliverParts = {
  store: dynamodbDeliveryStore({ client: dynamodb, table: config.DELIVERIES_TABLE, now }),
  subscriptions: {
    find: (id) => directory.find(id),
    async disable(id, at) {
      await subscriptions.setStatus(id, 'disabled', at);
      directory.forget(id);
    },
  },
  secrets: new SecretBox(dataKeys(), { now }),
  // In module scope, so that its connections outlive the invocation.
  sender: undiciWebhookSender({ allowLoopback: config.ALLOW_LOOPBACK_SUBSCRIBERS, now, monotonicMs: () => performance.now() }),
  visibility: sqsMessageVisibility({
    client: sqsClient({ region, endpoint: config.AWS_ENDPOINT_URL_SQS }),
    queueUrl: config.DELIVERIES_QUEUE_URL,
  }),
  quarantine: storedQuarantine({
    bodies: s3QuarantineBodies({ client: s3Client({ region, endpoint: config.AWS_ENDPOINT_URL_S3 }), bucket: config.QUARANTINE_BUCKET }),
    index: dynamodbQuarantineIndex({ client: dynamodb, table: config.QUARANTINE_TABLE, now }),
  }),
  now,
  random: () => Math.random(),
  newLease: () => randomUUID(),
  attemptTimeoutMs: config.ATTEMPT_TIMEOUT_MS,
};

function dataKeys(): DataKeys {
  const { SECRETS_KEY_ID: keyId, SECRETS_KEY_FILE: keyFile } = config;
  if (keyId !== undefined && keyFile === undefined) return kmsDataKeys({ region, keyId });
  if (keyFile !== undefined && keyId === undefined) return localDataKeys(keyFile);
  throw configError(['Exactly one of SECRETS_KEY_ID and SECRETS_KEY_FILE must be set']);
}
