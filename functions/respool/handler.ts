/**
 * respool: from the spool back to the change log.
 *
 * Arrives: messages of change-spool.fifo from Lambda's SQS event source mapping, in order within their group.
 * Leaves:  their changes in the change log; what cannot be read, in quarantine.
 * Retries: SQS shows again what is named in the answer, ten seconds later, for as long as it keeps messages (14 days). After an
 *          error, the whole batch when its visibility ends.
 */
import middy from '@middy/core';
import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { respool } from '#lib/intake/respool.ts';
import { earlyTimeout, lineOf, wideLine } from '#lib/telemetry/middleware.ts';
import { tracesOfBodies } from '#lib/telemetry/traces.ts';
import { respooling, telemetry } from './wiring.ts';

export const handler = middy<SQSEvent, SQSBatchResponse>(earlyTimeout)
  .use(wideLine('respool', telemetry))
  .handler(async ({ Records }, context) => {
    const messages = Records.map(({ messageId, receiptHandle, body, attributes }) => ({
      messageId,
      receiptHandle,
      body,
      // A FIFO queue always says; were it not to, a message by itself is in order by itself.
      groupId: attributes.MessageGroupId ?? messageId,
    }));
    const { failures, records, quarantined, errors } = await respool(respooling, messages, () => context.getRemainingTimeInMillis());

    const line = lineOf(context);
    line.note(tracesOfBodies(Records.map(({ body }) => body)));
    line.note({ records, quarantined, retried: failures.length, outcome: failures.length === 0 ? 'done' : 'partial' });
    telemetry.metrics.count('Quarantined', quarantined);
    if (failures.length > 0 || quarantined > 0) line.warn();
    for (const error of errors) line.failure(error);
    return { batchItemFailures: failures.map((itemIdentifier) => ({ itemIdentifier })) };
  });
