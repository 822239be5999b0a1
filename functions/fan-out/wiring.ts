import { readConfig } from '#lib/config/read-config.ts';
import type { FanOutParts } from '#lib/fan-out/fan-out.ts';
import { dynamodbClient } from '#lib/dynamodb/client.ts';
import { dynamodbQuarantineIndex } from '#lib/dynamodb/quarantine-index.ts';
import { dynamodbSubscriptionStore } from '#lib/dynamodb/subscription-store.ts';
import { storedQuarantine } from '#lib/quarantine/stored-quarantine.ts';
import { s3Client } from '#lib/s3/client.ts';
import { s3QuarantineBodies } from '#lib/s3/quarantine-bodies.ts';
import { sqsClient } from '#lib/sqs/client.ts';
import { sqsDeliveryQueue } from '#lib/sqs/delivery-queue.ts';
import { SubscriptionDirectory } from '#lib/subscriptions/subscription-directory.ts';
import { emfMetrics } from '#lib/telemetry/metrics.ts';
import { writeLine } from '#lib/telemetry/wide-line.ts';

const config = readConfig([
  'AWS_REGION',
  'SUBSCRIPTIONS_TABLE',
  'QUARANTINE_TABLE',
  'QUARANTINE_BUCKET',
  'DELIVERIES_QUEUE_URL',
  'BATCH_ANSWER',
  'AWS_ENDPOINT_URL_DYNAMODB',
  'AWS_ENDPOINT_URL_S3',
  'AWS_ENDPOINT_URL_SQS',
  'SUBSCRIPTIONS_MAX_AGE_MS',
  'METRICS_NAMESPACE',
  'LOG_LEVEL',
]);

const now = () => new Date();
const region = config.AWS_REGION;
const dynamodb = dynamodbClient({ region, endpoint: config.AWS_ENDPOINT_URL_DYNAMODB });

/** With one more call and its retries this stays within what fan-out leaves for ending (endingTimeMs, 20 s). */
const sendBudgetMs = 10_000;

const metrics = emfMetrics({ namespace: config.METRICS_NAMESPACE, now, write: writeLine });
export const telemetry = { now, level: config.LOG_LEVEL, metrics };

export const batchAnswer = config.BATCH_ANSWER;

export const fanningOut: FanOutParts = {
  subscriptions: new SubscriptionDirectory(dynamodbSubscriptionStore({ client: dynamodb, table: config.SUBSCRIPTIONS_TABLE }), {
    now,
    maxAgeMs: config.SUBSCRIPTIONS_MAX_AGE_MS,
  }),
  queue: sqsDeliveryQueue({
    client: sqsClient({ region, endpoint: config.AWS_ENDPOINT_URL_SQS }),
    queueUrl: config.DELIVERIES_QUEUE_URL,
    now,
    budgetMs: sendBudgetMs,
  }),
  quarantine: storedQuarantine({
    bodies: s3QuarantineBodies({ client: s3Client({ region, endpoint: config.AWS_ENDPOINT_URL_S3 }), bucket: config.QUARANTINE_BUCKET }),
    index: dynamodbQuarantineIndex({ client: dynamodb, table: config.QUARANTINE_TABLE, now }),
  }),
  now,
};
