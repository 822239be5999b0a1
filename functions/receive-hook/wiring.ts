import { randomBytes } from 'node:crypto';
import { environmentVariable } from '#lib/config/environment.ts';
import { providedChangeLog } from '#lib/config/local-parts.ts';
import { configError, readConfig } from '#lib/config/read-config.ts';
import { dynamodbClient } from '#lib/dynamodb/client.ts';
import { dynamodbOrgStore } from '#lib/dynamodb/org-store.ts';
import { dynamodbQuarantineIndex } from '#lib/dynamodb/quarantine-index.ts';
import { CachedOrgStore } from '#lib/intake/cached-org-store.ts';
import { logAppender, type Appender } from '#lib/intake/appender.ts';
import type { ChangeLog } from '#lib/intake/change-log.ts';
import type { ReceivingHooks } from '#lib/intake/receive-hook.ts';
import { spoolingAppender } from '#lib/intake/spooling-appender.ts';
import { kafkaChangeLog } from '#lib/kafka/kafka-change-log.ts';
import { storedQuarantine } from '#lib/quarantine/stored-quarantine.ts';
import { s3Client } from '#lib/s3/client.ts';
import { s3QuarantineBodies } from '#lib/s3/quarantine-bodies.ts';
import { SecretBox } from '#lib/sealing/secret-box.ts';
import { changeSpoolLimits, sqsChangeSpool } from '#lib/sqs/change-spool.ts';
import { sqsClient } from '#lib/sqs/client.ts';
import { dataKeys } from '#lib/wiring/data-keys.ts';

const now = () => new Date();

const always = [
  'CHANGE_LOG',
  'AWS_REGION',
  'ORGS_TABLE',
  'QUARANTINE_TABLE',
  'QUARANTINE_BUCKET',
  'CHANGE_SPOOL_QUEUE_URL',
  'SECRETS_KEY_ID',
  'SECRETS_KEY_FILE',
  'AWS_ENDPOINT_URL_DYNAMODB',
  'AWS_ENDPOINT_URL_S3',
  'AWS_ENDPOINT_URL_SQS',
  'LOG_LEVEL',
] as const;
const forKafka = ['KAFKA_BROKERS', 'KAFKA_AUTH', 'CHANGE_TOPIC'] as const;

// The choice is read ahead of the rest, so that one failure at start lists what is wrong with all of it.
const config = readConfig(environmentVariable('CHANGE_LOG') === 'embedded' ? always : [...always, ...forKafka]);
const region = config.AWS_REGION;
const dynamodb = dynamodbClient({ region, endpoint: config.AWS_ENDPOINT_URL_DYNAMODB });

export const telemetry = { now, level: config.LOG_LEVEL };

export const receivingHooks: ReceivingHooks = {
  orgs: new CachedOrgStore(dynamodbOrgStore({ client: dynamodb, table: config.ORGS_TABLE }), { now }),
  secrets: new SecretBox(dataKeys(config), { now }),
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
  if (config.CHANGE_LOG === 'embedded') {
    const provided = providedChangeLog();
    if (provided === undefined) throw configError(['CHANGE_LOG=embedded exists in local mode only']);
    return logAppender(provided);
  }
  const sqs = sqsClient({ region, endpoint: config.AWS_ENDPOINT_URL_SQS, ...changeSpoolLimits });
  return spoolingAppender({ log: kafka(), spool: sqsChangeSpool({ client: sqs, queueUrl: config.CHANGE_SPOOL_QUEUE_URL, now }), now });
}

function kafka(): ChangeLog {
  const log = kafkaChangeLog({
    brokers: config.KAFKA_BROKERS,
    auth: config.KAFKA_AUTH,
    region,
    topic: config.CHANGE_TOPIC,
    clientId: 'okta-event-relay-receive-hook',
  });
  // Begun while the first request is still on its way, and not waited for; it never fails, the first append reports.
  void log.connect();
  return log;
}
