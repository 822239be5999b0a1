import { environmentVariable } from '#lib/config/environment.ts';
import { providedChangeLog } from '#lib/config/local-parts.ts';
import { configError, readConfig } from '#lib/config/read-config.ts';
import { dynamodbClient } from '#lib/dynamodb/client.ts';
import { dynamodbQuarantineIndex } from '#lib/dynamodb/quarantine-index.ts';
import type { ChangeLog } from '#lib/intake/change-log.ts';
import type { Respooling } from '#lib/intake/respool.ts';
import { kafkaChangeLog } from '#lib/kafka/kafka-change-log.ts';
import { storedQuarantine } from '#lib/quarantine/stored-quarantine.ts';
import { s3Client } from '#lib/s3/client.ts';
import { s3QuarantineBodies } from '#lib/s3/quarantine-bodies.ts';
import { sqsClient } from '#lib/sqs/client.ts';
import { sqsMessageVisibility } from '#lib/sqs/message-visibility.ts';

const now = () => new Date();

const always = [
  'CHANGE_LOG',
  'AWS_REGION',
  'QUARANTINE_TABLE',
  'QUARANTINE_BUCKET',
  'CHANGE_SPOOL_QUEUE_URL',
  'AWS_ENDPOINT_URL_DYNAMODB',
  'AWS_ENDPOINT_URL_S3',
  'AWS_ENDPOINT_URL_SQS',
  'LOG_LEVEL',
] as const;
const forKafka = ['KAFKA_BROKERS', 'KAFKA_AUTH', 'CHANGE_TOPIC'] as const;

// The choice is read ahead of the rest, so that one failure at start lists what is wrong with all of it.
const config = readConfig(environmentVariable('CHANGE_LOG') === 'embedded' ? always : [...always, ...forKafka]);
const region = config.AWS_REGION;

export const telemetry = { now, level: config.LOG_LEVEL };

export const respooling: Respooling = {
  log: changeLog(),
  quarantine: storedQuarantine({
    bodies: s3QuarantineBodies({ client: s3Client({ region, endpoint: config.AWS_ENDPOINT_URL_S3 }), bucket: config.QUARANTINE_BUCKET }),
    index: dynamodbQuarantineIndex({
      client: dynamodbClient({ region, endpoint: config.AWS_ENDPOINT_URL_DYNAMODB }),
      table: config.QUARANTINE_TABLE,
      now,
    }),
  }),
  visibility: sqsMessageVisibility({
    client: sqsClient({ region, endpoint: config.AWS_ENDPOINT_URL_SQS }),
    queueUrl: config.CHANGE_SPOOL_QUEUE_URL,
  }),
  now,
};

function changeLog(): ChangeLog {
  if (config.CHANGE_LOG === 'embedded') {
    const provided = providedChangeLog();
    if (provided === undefined) throw configError(['CHANGE_LOG=embedded exists in local mode only']);
    return provided;
  }
  const log = kafkaChangeLog({
    brokers: config.KAFKA_BROKERS,
    auth: config.KAFKA_AUTH,
    region,
    topic: config.CHANGE_TOPIC,
    clientId: 'okta-event-relay-respool',
  });
  // Begun while the first batch is still on its way, and not waited for; it never fails, the first append reports.
  void log.connect();
  return log;
}
