import { dynamodbClient } from '#lib/dynamodb/client.ts';
import { dynamodbQuarantineIndex } from '#lib/dynamodb/quarantine-index.ts';
import type { Respooling } from '#lib/intake/respool.ts';
import { storedQuarantine } from '#lib/quarantine/stored-quarantine.ts';
import { s3Client } from '#lib/s3/client.ts';
import { s3QuarantineBodies } from '#lib/s3/quarantine-bodies.ts';
import { sqsClient } from '#lib/sqs/client.ts';
import { sqsMessageVisibility } from '#lib/sqs/message-visibility.ts';
import { emfMetrics } from '#lib/telemetry/metrics.ts';
import { writeLine } from '#lib/telemetry/wide-line.ts';
import { readConfigWithChangeLog } from '#lib/wiring/change-log-config.ts';
import { changeLog } from '#lib/wiring/change-log.ts';

const now = () => new Date();

const config = readConfigWithChangeLog([
  'AWS_REGION',
  'QUARANTINE_TABLE',
  'QUARANTINE_BUCKET',
  'CHANGE_SPOOL_QUEUE_URL',
  'AWS_ENDPOINT_URL_DYNAMODB',
  'AWS_ENDPOINT_URL_S3',
  'AWS_ENDPOINT_URL_SQS',
  'METRICS_NAMESPACE',
  'LOG_LEVEL',
]);
const region = config.AWS_REGION;

const metrics = emfMetrics({ namespace: config.METRICS_NAMESPACE, now, write: writeLine });
export const telemetry = { now, level: config.LOG_LEVEL, metrics };

export const respooling: Respooling = {
  log: changeLog('respool', config),
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
