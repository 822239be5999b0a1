import { randomUUID } from 'node:crypto';
import { readConfig } from '#lib/config/read-config.ts';
import { recoverDeadLetters } from '#lib/delivery/recover.ts';
import type { SweepParts } from '#lib/sweep/sweep-parts.ts';
import { dynamodbHeardOrgs } from '#lib/dynamodb/heard-orgs.ts';
import { dynamodbOrgRegistry } from '#lib/dynamodb/org-registry.ts';
import type { SilentOrgsParts } from '#lib/orgs/silent-orgs.ts';
import { sqsDeliveryQueue } from '#lib/sqs/delivery-queue.ts';
import { deliveryGround, deliverySettings } from '#lib/wiring/delivery-ground.ts';

const config = readConfig([...deliverySettings, 'ORGS_TABLE', 'SENDERS_TABLE', 'SWEEP_INTERVAL_MS']);
const now = () => new Date();
const ground = deliveryGround(config, now);
const { dynamodb, sqs, subscriptions, deliveries, lanes, metrics } = ground;
export const { telemetry } = ground;

/** Ten releases at a time; a slow queue must not take the time of all other subscriptions. */
const sendBudgetMs = 5_000;
const queueAt = (queueUrl: string) => sqsDeliveryQueue({ client: sqs, queueUrl, now, budgetMs: sendBudgetMs });
const queues = { deliveries: queueAt(config.DELIVERIES_QUEUE_URL), replayDeliveries: queueAt(config.REPLAY_DELIVERIES_QUEUE_URL) };

export const sweeping: SweepParts = {
  subscriptions,
  // Subscriptions are read anew at each tick.
  circuits: ground.circuits(() => undefined),
  lanes,
  queues,
  recover: (subscription, hasTime) =>
    recoverDeadLetters({ deliveries, subscriptions, queue: queues.replayDeliveries }, subscription, hasTime),
  metrics,
  now,
  newToken: () => randomUUID(),
  intervalMs: config.SWEEP_INTERVAL_MS,
};

export const hearing: SilentOrgsParts = {
  lastHeard: dynamodbHeardOrgs({ client: dynamodb, table: config.SENDERS_TABLE }),
  orgs: dynamodbOrgRegistry({ client: dynamodb, table: config.ORGS_TABLE }),
  metrics,
  now,
};
