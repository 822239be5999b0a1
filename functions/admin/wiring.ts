import { randomBytes, randomUUID } from 'node:crypto';
import type { AdminParts } from '#lib/admin/admin-call.ts';
import { bearerAuthorisation, iamAuthorisation, type Authorisation } from '#lib/admin/authorisation.ts';
import { configError, readConfig } from '#lib/config/read-config.ts';
import { checkEndpointUrl } from '#lib/webhooks/address-guard.ts';
import { dynamodbClient } from '#lib/dynamodb/client.ts';
import { dynamodbDeliveryStore } from '#lib/dynamodb/delivery-store.ts';
import { dynamodbLaneStore } from '#lib/dynamodb/lane-store.ts';
import { dynamodbOrgRegistry } from '#lib/dynamodb/org-registry.ts';
import { dynamodbQuarantineIndex } from '#lib/dynamodb/quarantine-index.ts';
import { dynamodbReplayStore } from '#lib/dynamodb/replay-store.ts';
import { dynamodbSeenHooks } from '#lib/dynamodb/seen-hooks.ts';
import { dynamodbSubscriptionStore } from '#lib/dynamodb/subscription-store.ts';
import { SecretBox } from '#lib/sealing/secret-box.ts';
import { sqsClient } from '#lib/sqs/client.ts';
import { sqsDeliveryQueue } from '#lib/sqs/delivery-queue.ts';
import { sqsReplayQueue } from '#lib/sqs/replay-queue.ts';
import { emfMetrics } from '#lib/telemetry/metrics.ts';
import { writeLine } from '#lib/telemetry/wide-line.ts';
import { dataKeys } from '#lib/wiring/data-keys.ts';

const now = () => new Date();

const config = readConfig([
  'AWS_REGION',
  'ORGS_TABLE',
  'SENDERS_TABLE',
  'SUBSCRIPTIONS_TABLE',
  'DELIVERIES_TABLE',
  'LANES_TABLE',
  'DELIVERIES_QUEUE_URL',
  'REPLAY_DELIVERIES_QUEUE_URL',
  'QUARANTINE_TABLE',
  'REPLAYS_TABLE',
  'REPLAYS_QUEUE_URL',
  'SECRETS_KEY_ID',
  'SECRETS_KEY_FILE',
  'ADMIN_AUTH',
  'RELAY_ADMIN_TOKEN',
  'ALLOW_LOOPBACK_SUBSCRIBERS',
  'MAX_CONCURRENCY_PER_SUBSCRIPTION',
  'AWS_ENDPOINT_URL_DYNAMODB',
  'AWS_ENDPOINT_URL_SQS',
  'METRICS_NAMESPACE',
  'LOG_LEVEL',
]);
const region = config.AWS_REGION;
const client = dynamodbClient({ region, endpoint: config.AWS_ENDPOINT_URL_DYNAMODB });
const sqs = sqsClient({ region, endpoint: config.AWS_ENDPOINT_URL_SQS });
/** One delivery at a time, for a caller who waits: half of the function's time, so that he is still answered. */
const sendBudgetMs = 5_000;
const queueAt = (queueUrl: string) => sqsDeliveryQueue({ client: sqs, queueUrl, now, budgetMs: sendBudgetMs });

const metrics = emfMetrics({ namespace: config.METRICS_NAMESPACE, now, write: writeLine });
export const telemetry = { now, level: config.LOG_LEVEL, metrics };

export const administering: AdminParts = {
  authorisation: authorisation(),
  subscriptions: dynamodbSubscriptionStore({ client, table: config.SUBSCRIPTIONS_TABLE }),
  deliveries: dynamodbDeliveryStore({ client, table: config.DELIVERIES_TABLE, now }),
  lanes: dynamodbLaneStore({ client, table: config.LANES_TABLE }),
  quarantine: dynamodbQuarantineIndex({ client, table: config.QUARANTINE_TABLE, now }),
  replays: dynamodbReplayStore({ client, table: config.REPLAYS_TABLE }),
  queues: { deliveries: queueAt(config.DELIVERIES_QUEUE_URL), replayDeliveries: queueAt(config.REPLAY_DELIVERIES_QUEUE_URL) },
  replayQueue: sqsReplayQueue({ client: sqs, queueUrl: config.REPLAYS_QUEUE_URL, now }),
  orgs: dynamodbOrgRegistry({ client, table: config.ORGS_TABLE }),
  orgSenders: dynamodbSeenHooks({ client, table: config.SENDERS_TABLE }),
  secretBox: new SecretBox(dataKeys(config), { now }),
  checkUrl: (url) => checkEndpointUrl(url, { allowLoopback: config.ALLOW_LOOPBACK_SUBSCRIBERS }),
  maxConcurrency: config.MAX_CONCURRENCY_PER_SUBSCRIPTION,
  now,
  randomBytes,
  newEventId: () => randomUUID(),
};

function authorisation(): Authorisation {
  const { ADMIN_AUTH: kind, RELAY_ADMIN_TOKEN: token } = config;
  if (kind === 'iam') return iamAuthorisation();
  if (token === undefined) throw configError(['RELAY_ADMIN_TOKEN must be set with ADMIN_AUTH=bearer']);
  return bearerAuthorisation(token);
}
