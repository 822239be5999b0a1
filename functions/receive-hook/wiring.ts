import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { dynamodbAcceptedRequests } from '#lib/dynamodb/accepted-requests.ts';
import { dynamodbClient } from '#lib/dynamodb/client.ts';
import { dynamodbHeardOrgs } from '#lib/dynamodb/heard-orgs.ts';
import { dynamodbOrgStore } from '#lib/dynamodb/org-store.ts';
import { dynamodbQuarantineIndex } from '#lib/dynamodb/quarantine-index.ts';
import { dynamodbSeenHooks } from '#lib/dynamodb/seen-hooks.ts';
import { CachedOrgStore } from '#lib/intake/cached-org-store.ts';
import { logAppender, type Appender } from '#lib/intake/appender.ts';
import { Hearing } from '#lib/intake/hearing.ts';
import { HookBinding } from '#lib/intake/hook-binding.ts';
import type { ReceivingHooks } from '#lib/intake/receive-hook.ts';
import { spoolingAppender } from '#lib/intake/spooling-appender.ts';
import { senderRanges } from '#lib/okta/sender-ranges.ts';
import { storedQuarantine } from '#lib/quarantine/stored-quarantine.ts';
import { s3Client } from '#lib/s3/client.ts';
import { s3QuarantineBodies } from '#lib/s3/quarantine-bodies.ts';
import { decoyBox } from '#lib/sealing/decoy-box.ts';
import { SecretBox } from '#lib/sealing/secret-box.ts';
import { changeSpoolLimits, sqsChangeSpool } from '#lib/sqs/change-spool.ts';
import { sqsClient } from '#lib/sqs/client.ts';
import { emfMetrics } from '#lib/telemetry/metrics.ts';
import { writeLine } from '#lib/telemetry/wide-line.ts';
import { readConfigWithChangeLog } from '#lib/wiring/change-log-config.ts';
import { changeLog } from '#lib/wiring/change-log.ts';
import { dataKeys } from '#lib/wiring/data-keys.ts';

const now = () => new Date();

const config = readConfigWithChangeLog([
  'AWS_REGION',
  'ORGS_TABLE',
  'SENDERS_TABLE',
  'ALLOWED_HOOK_RANGES',
  'QUARANTINE_TABLE',
  'QUARANTINE_BUCKET',
  'CHANGE_SPOOL_QUEUE_URL',
  'SECRETS_KEY_ID',
  'SECRETS_KEY_FILE',
  'AWS_ENDPOINT_URL_DYNAMODB',
  'AWS_ENDPOINT_URL_S3',
  'AWS_ENDPOINT_URL_SQS',
  'METRICS_NAMESPACE',
  'LOG_LEVEL',
]);
const region = config.AWS_REGION;
const dynamodb = dynamodbClient({ region, endpoint: config.AWS_ENDPOINT_URL_DYNAMODB });

const metrics = emfMetrics({ namespace: config.METRICS_NAMESPACE, now, write: writeLine });
export const telemetry = { now, level: config.LOG_LEVEL, metrics };

const orgs = new CachedOrgStore(dynamodbOrgStore({ client: dynamodb, table: config.ORGS_TABLE }), { now });
const secretBox = new SecretBox(dataKeys(config), { now });

export const receivingHooks: ReceivingHooks = {
  orgs,
  secrets: { open: (sealed, context) => secretBox.open(sealed, context), openDecoy: decoyBox({ now }) },
  senders: senderRanges(config.ALLOWED_HOOK_RANGES),
  hooks: new HookBinding({ orgs, seen: dynamodbSeenHooks({ client: dynamodb, table: config.SENDERS_TABLE }), now }),
  hearing: new Hearing({ heard: dynamodbHeardOrgs({ client: dynamodb, table: config.SENDERS_TABLE }), now }),
  accepted: dynamodbAcceptedRequests({ client: dynamodb, table: config.SENDERS_TABLE }),
  refusals: { elapsedMs: () => performance.now(), pause: (ms) => pause(ms) },
  quarantine: storedQuarantine({
    bodies: s3QuarantineBodies({ client: s3Client({ region, endpoint: config.AWS_ENDPOINT_URL_S3 }), bucket: config.QUARANTINE_BUCKET }),
    index: dynamodbQuarantineIndex({ client: dynamodb, table: config.QUARANTINE_TABLE, now }),
  }),
  appender: appender(),
  now,
  randomBytes,
};

/** The embedded log is on the same disk as the spool of local mode would be: putting changes there instead would only cost their order. */
function appender(): Appender {
  const log = changeLog('receive-hook', config);
  if (config.CHANGE_LOG === 'embedded') return logAppender(log);
  const sqs = sqsClient({ region, endpoint: config.AWS_ENDPOINT_URL_SQS, ...changeSpoolLimits });
  return spoolingAppender({ log, spool: sqsChangeSpool({ client: sqs, queueUrl: config.CHANGE_SPOOL_QUEUE_URL, now }), now });
}
