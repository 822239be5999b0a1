import type { ChangeLog } from './constructs/change-log.ts';
import { sweepIntervalMs } from './constructs/every-minute.ts';
import type { RelayKeys } from './constructs/keys.ts';
import type { Quarantine } from './constructs/quarantine.ts';
import type { RelayQueue } from './constructs/relay-queue.ts';
import type { Stores } from './constructs/stores.ts';
import { batchAnswer, maxConcurrencyPerSubscription, type Stage } from './stages.ts';

/** Where things are kept, between the functions. */
export interface Places {
  readonly keys: RelayKeys;
  readonly changes: ChangeLog;
  readonly changeSpool: RelayQueue;
  readonly stores: Stores;
  readonly quarantine: Quarantine;
  readonly deliveries: RelayQueue;
  readonly replays: RelayQueue;
  readonly replayDeliveries: RelayQueue;
}

/**
 * Every setting of the functions by its name in lib/config/variables.ts; lib/config/function-settings.ts says which function gets
 * which. None of them is a secret: secrets are sealed in the tables.
 */
export function settingsFrom(
  { keys, changes, changeSpool, stores, quarantine, deliveries, replays, replayDeliveries }: Places,
  stage: Stage,
  metricsNamespace: string,
): Readonly<Record<string, string>> {
  return {
    CHANGE_LOG: 'kafka',
    CHANGE_TOPIC: changes.topic,
    KAFKA_BROKERS: changes.bootstrapBrokers,
    KAFKA_AUTH: 'iam',
    CHANGE_SPOOL_QUEUE_URL: changeSpool.queue.queueUrl,
    ORGS_TABLE: stores.orgs.table.tableName,
    SENDERS_TABLE: stores.senders.table.tableName,
    SUBSCRIPTIONS_TABLE: stores.subscriptions.table.tableName,
    DELIVERIES_TABLE: stores.deliveries.table.tableName,
    STATES_TABLE: stores.states.table.tableName,
    LANES_TABLE: stores.lanes.table.tableName,
    LIMITS_TABLE: stores.limits.table.tableName,
    // From the same value as the pollers (infra/constructs/change-log.ts).
    BATCH_ANSWER: batchAnswer(stage),
    DELIVERIES_QUEUE_URL: deliveries.queue.queueUrl,
    REPLAYS_TABLE: stores.replays.table.tableName,
    REPLAYS_QUEUE_URL: replays.queue.queueUrl,
    REPLAY_DELIVERIES_QUEUE_URL: replayDeliveries.queue.queueUrl,
    QUARANTINE_TABLE: quarantine.index.table.tableName,
    QUARANTINE_BUCKET: quarantine.bucket.bucketName,
    SECRETS_KEY_ID: keys.secrets.keyArn,
    ADMIN_AUTH: 'iam',
    MAX_CONCURRENCY_PER_SUBSCRIPTION: String(maxConcurrencyPerSubscription(stage)),
    ATTEMPT_TIMEOUT_MS: '15000',
    SUBSCRIPTIONS_MAX_AGE_MS: '2500',
    SWEEP_INTERVAL_MS: String(sweepIntervalMs),
    // Empty is the same as not set.
    ALLOWED_HOOK_RANGES: (stage.receiveHook.allowedRanges ?? []).join(','),
    METRICS_NAMESPACE: metricsNamespace,
    LOG_LEVEL: stage.logLevel,
  };
}
