import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { readConfig } from '#lib/config/read-config.ts';
import type { DeliverParts } from '#lib/lanes/deliver-parts.ts';
import type { LaneQueue } from '#lib/delivery/lane-store.ts';
import { LeasedLimiter } from '#lib/pacing/leased-limiter.ts';
import { PatientLimiter } from '#lib/pacing/patient-limiter.ts';
import { ReplayLimiter } from '#lib/pacing/replay-limiter.ts';
import { dynamodbLimitStore } from '#lib/dynamodb/limit-store.ts';
import { dynamodbQuarantineIndex } from '#lib/dynamodb/quarantine-index.ts';
import { dynamodbStaleGuard } from '#lib/dynamodb/state-guard.ts';
import { storedQuarantine } from '#lib/quarantine/stored-quarantine.ts';
import { s3Client } from '#lib/s3/client.ts';
import { s3QuarantineBodies } from '#lib/s3/quarantine-bodies.ts';
import { SecretBox } from '#lib/sealing/secret-box.ts';
import { sqsMessageRemoval } from '#lib/sqs/message-removal.ts';
import { sqsMessageVisibility } from '#lib/sqs/message-visibility.ts';
import { SubscriptionDirectory } from '#lib/subscriptions/subscription-directory.ts';
import { httpsWebhookSender } from '#lib/https/webhook-sender.ts';
import { dataKeys } from '#lib/wiring/data-keys.ts';
import { deliveryGround, deliverySettings } from '#lib/wiring/delivery-ground.ts';

const config = readConfig([
  ...deliverySettings,
  'STATES_TABLE',
  'LIMITS_TABLE',
  'QUARANTINE_TABLE',
  'QUARANTINE_BUCKET',
  'SECRETS_KEY_ID',
  'SECRETS_KEY_FILE',
  'ALLOW_LOOPBACK_SUBSCRIBERS',
  'ATTEMPT_TIMEOUT_MS',
  'AWS_ENDPOINT_URL_S3',
]);

const now = () => new Date();
const ground = deliveryGround(config, now);
const { dynamodb, sqs, subscriptions, metrics } = ground;
export const { telemetry } = ground;
const directory = new SubscriptionDirectory(subscriptions, { now });

const delivering: DeliverParts = {
  store: ground.deliveries,
  guard: dynamodbStaleGuard({ client: dynamodb, table: config.STATES_TABLE }),
  lanes: ground.lanes,
  subscriptions: directory,
  // In module scope: what this environment has seen of each endpoint outlives the invocation.
  circuits: ground.circuits((id) => {
    directory.forget(id);
  }),
  limiter: limiterOnStore(),
  secrets: new SecretBox(dataKeys(config), { now }),
  // In module scope, so that its connections outlive the invocation.
  sender: httpsWebhookSender({ allowLoopback: config.ALLOW_LOOPBACK_SUBSCRIBERS, now, monotonicMs: () => performance.now() }),
  ...messagesOf('deliveries', config.DELIVERIES_QUEUE_URL),
  quarantine: storedQuarantine({
    bodies: s3QuarantineBodies({
      client: s3Client({ region: config.AWS_REGION, endpoint: config.AWS_ENDPOINT_URL_S3 }),
      bucket: config.QUARANTINE_BUCKET,
    }),
    index: dynamodbQuarantineIndex({ client: dynamodb, table: config.QUARANTINE_TABLE, now }),
  }),
  metrics,
  now,
  random: () => Math.random(),
  newLease: () => randomUUID(),
  attemptTimeoutMs: config.ATTEMPT_TIMEOUT_MS,
  // A fifth of a second, with the timeout of 15 s: longer than most healthy batches take, and not what a change behind another would notice.
  patienceMs: config.ATTEMPT_TIMEOUT_MS / 75,
};

const replayed: DeliverParts = {
  ...delivering,
  ...messagesOf('replayDeliveries', config.REPLAY_DELIVERIES_QUEUE_URL),
  limiter: new ReplayLimiter(limiterOnStore(), { now, attemptMs: config.ATTEMPT_TIMEOUT_MS }),
};

function limiterOnStore(): PatientLimiter {
  const store = dynamodbLimitStore({ client: dynamodb, table: config.LIMITS_TABLE });
  const leased = new LeasedLimiter({ store, now, after: (ms, run) => void setTimeout(run, ms).unref() });
  return new PatientLimiter(leased, { now, pause: (ms) => pause(ms) });
}

function messagesOf(queue: LaneQueue, queueUrl: string): Pick<DeliverParts, 'queue' | 'visibility' | 'removal'> {
  return { queue, visibility: sqsMessageVisibility({ client: sqs, queueUrl }), removal: sqsMessageRemoval({ client: sqs, queueUrl }) };
}

/** Messages wait in the queue they came from, and a batch comes from one. An ARN and a URL of a queue both end in its name. */
export function deliveringFrom(queueArn: string | undefined): DeliverParts {
  return queueArn?.split(':').at(-1) === config.REPLAY_DELIVERIES_QUEUE_URL.split('/').at(-1) ? replayed : delivering;
}
