import { randomUUID } from 'node:crypto';
import { providedChangeLogRange } from '#lib/config/local-parts.ts';
import { configError } from '#lib/config/read-config.ts';
import { dynamodbClient } from '#lib/dynamodb/client.ts';
import { dynamodbReplayStore } from '#lib/dynamodb/replay-store.ts';
import { dynamodbSubscriptionStore } from '#lib/dynamodb/subscription-store.ts';
import type { ChangeLogRange } from '#lib/intake/change-log-range.ts';
import { kafkaChangeLogRange } from '#lib/kafka/kafka-change-log-range.ts';
import type { WorkReplaysParts } from '#lib/replay/work-replays.ts';
import { sqsClient } from '#lib/sqs/client.ts';
import { sqsDeliveryQueue } from '#lib/sqs/delivery-queue.ts';
import { sqsMessageVisibility } from '#lib/sqs/message-visibility.ts';
import { emfMetrics } from '#lib/telemetry/metrics.ts';
import { writeLine } from '#lib/telemetry/wide-line.ts';
import { readConfigWithChangeLog } from '#lib/wiring/change-log-config.ts';
import { changeTopic } from '#lib/wiring/change-topic.ts';

const now = () => new Date();

const config = readConfigWithChangeLog([
  'AWS_REGION',
  'REPLAYS_TABLE',
  'SUBSCRIPTIONS_TABLE',
  'REPLAYS_QUEUE_URL',
  'REPLAY_DELIVERIES_QUEUE_URL',
  'AWS_ENDPOINT_URL_DYNAMODB',
  'AWS_ENDPOINT_URL_SQS',
  'METRICS_NAMESPACE',
  'LOG_LEVEL',
]);
const region = config.AWS_REGION;
const dynamodb = dynamodbClient({ region, endpoint: config.AWS_ENDPOINT_URL_DYNAMODB });
const sqs = sqsClient({ region, endpoint: config.AWS_ENDPOINT_URL_SQS });
/** Of the twenty seconds that a run keeps for ending (lib/replay/run-replay.ts). */
const queueBudgetMs = 10_000;

const metrics = emfMetrics({ namespace: config.METRICS_NAMESPACE, now, write: writeLine });
export const telemetry = { now, level: config.LOG_LEVEL, metrics };

export const replaying: WorkReplaysParts = {
  store: dynamodbReplayStore({ client: dynamodb, table: config.REPLAYS_TABLE }),
  subscriptions: dynamodbSubscriptionStore({ client: dynamodb, table: config.SUBSCRIPTIONS_TABLE }),
  log: changeLogRange(),
  queue: sqsDeliveryQueue({ client: sqs, queueUrl: config.REPLAY_DELIVERIES_QUEUE_URL, now, budgetMs: queueBudgetMs }),
  visibility: sqsMessageVisibility({ client: sqs, queueUrl: config.REPLAYS_QUEUE_URL }),
  now,
};

function changeLogRange(): ChangeLogRange {
  if (config.CHANGE_LOG === 'embedded') {
    const provided = providedChangeLogRange();
    if (provided === undefined) throw configError(['CHANGE_LOG=embedded exists in local mode only']);
    return provided;
  }
  return kafkaChangeLogRange({ ...changeTopic('replay', config), newName: () => randomUUID() });
}
