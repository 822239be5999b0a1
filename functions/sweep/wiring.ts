import { randomUUID } from 'node:crypto';
import { readConfig } from '#lib/config/read-config.ts';
import { Circuits } from '#lib/delivery/circuits.ts';
import { FailureWindow } from '#lib/delivery/failure-window.ts';
import { recoverDeadLetters } from '#lib/delivery/recover.ts';
import type { SweepParts } from '#lib/delivery/sweep-parts.ts';
import { dynamodbClient } from '#lib/dynamodb/client.ts';
import { dynamodbDeliveryStore } from '#lib/dynamodb/delivery-store.ts';
import { dynamodbLaneStore } from '#lib/dynamodb/lane-store.ts';
import { dynamodbSubscriptionStore } from '#lib/dynamodb/subscription-store.ts';
import { sqsClient } from '#lib/sqs/client.ts';
import { sqsDeliveryQueue } from '#lib/sqs/delivery-queue.ts';
import { emfMetrics } from '#lib/telemetry/metrics.ts';
import { writeLine } from '#lib/telemetry/wide-line.ts';

const config = readConfig([
  'AWS_REGION',
  'SUBSCRIPTIONS_TABLE',
  'DELIVERIES_TABLE',
  'LANES_TABLE',
  'DELIVERIES_QUEUE_URL',
  'REPLAY_DELIVERIES_QUEUE_URL',
  'SWEEP_INTERVAL_MS',
  'AWS_ENDPOINT_URL_DYNAMODB',
  'AWS_ENDPOINT_URL_SQS',
  'METRICS_NAMESPACE',
  'LOG_LEVEL',
]);

const now = () => new Date();
const region = config.AWS_REGION;
const dynamodb = dynamodbClient({ region, endpoint: config.AWS_ENDPOINT_URL_DYNAMODB });
const sqs = sqsClient({ region, endpoint: config.AWS_ENDPOINT_URL_SQS });
const subscriptions = dynamodbSubscriptionStore({ client: dynamodb, table: config.SUBSCRIPTIONS_TABLE });
const deliveries = dynamodbDeliveryStore({ client: dynamodb, table: config.DELIVERIES_TABLE, now });
/** Ten releases at a time; a slow queue must not take the time of all other subscriptions. */
const sendBudgetMs = 5_000;
const queueAt = (queueUrl: string) => sqsDeliveryQueue({ client: sqs, queueUrl, now, budgetMs: sendBudgetMs });
const queues = { deliveries: queueAt(config.DELIVERIES_QUEUE_URL), replayDeliveries: queueAt(config.REPLAY_DELIVERIES_QUEUE_URL) };

const metrics = emfMetrics({ namespace: config.METRICS_NAMESPACE, now, write: writeLine });
export const telemetry = { now, level: config.LOG_LEVEL, metrics };

export const sweeping: SweepParts = {
  subscriptions,
  circuits: new Circuits({
    store: subscriptions,
    window: new FailureWindow(),
    metrics,
    // Subscriptions are read anew at each tick.
    forget: () => undefined,
    newEventId: () => randomUUID(),
  }),
  lanes: dynamodbLaneStore({ client: dynamodb, table: config.LANES_TABLE }),
  queues,
  recover: (subscription, hasTime) =>
    recoverDeadLetters({ deliveries, subscriptions, queue: queues.replayDeliveries }, subscription, hasTime),
  metrics,
  now,
  newToken: () => randomUUID(),
  intervalMs: config.SWEEP_INTERVAL_MS,
};
