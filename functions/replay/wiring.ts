import { randomUUID } from 'node:crypto';
import { environmentVariable } from '#lib/config/environment.ts';
import { providedChangeLogRange } from '#lib/config/local-parts.ts';
import { configError, readConfig } from '#lib/config/read-config.ts';
import { dynamodbClient } from '#lib/dynamodb/client.ts';
import { dynamodbReplayStore } from '#lib/dynamodb/replay-store.ts';
import { dynamodbSubscriptionStore } from '#lib/dynamodb/subscription-store.ts';
import type { ChangeLogRange } from '#lib/intake/change-log-range.ts';
import { kafkaChangeLogRange } from '#lib/kafka/kafka-change-log-range.ts';
import type { WorkReplaysParts } from '#lib/replay/work-replays.ts';
import { sqsClient } from '#lib/sqs/client.ts';
import { sqsDeliveryQueue } from '#lib/sqs/delivery-queue.ts';
import { sqsMessageVisibility } from '#lib/sqs/message-visibility.ts';

const now = () => new Date();

const always = [
  'CHANGE_LOG',
  'AWS_REGION',
  'REPLAYS_TABLE',
  'SUBSCRIPTIONS_TABLE',
  'REPLAYS_QUEUE_URL',
  'REPLAY_DELIVERIES_QUEUE_URL',
  'AWS_ENDPOINT_URL_DYNAMODB',
  'AWS_ENDPOINT_URL_SQS',
  'LOG_LEVEL',
] as const;
const forKafka = ['KAFKA_BROKERS', 'KAFKA_AUTH', 'CHANGE_TOPIC'] as const;

// The choice is read ahead of the rest, so that one failure at start lists what is wrong with all of it.
const config = readConfig(environmentVariable('CHANGE_LOG') === 'embedded' ? always : [...always, ...forKafka]);
const region = config.AWS_REGION;
const dynamodb = dynamodbClient({ region, endpoint: config.AWS_ENDPOINT_URL_DYNAMODB });
const sqs = sqsClient({ region, endpoint: config.AWS_ENDPOINT_URL_SQS });
/** Of the twenty seconds that a run keeps for ending (lib/replay/run-replay.ts). */
const queueBudgetMs = 10_000;

export const telemetry = { now, level: config.LOG_LEVEL };

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
  return kafkaChangeLogRange({
    brokers: config.KAFKA_BROKERS,
    auth: config.KAFKA_AUTH,
    region,
    topic: config.CHANGE_TOPIC,
    clientId: 'okta-event-relay-replay',
    newName: () => randomUUID(),
  });
}
