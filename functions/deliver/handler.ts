/**
 * deliver: from the delivery queues to the subscribers.
 *
 * Arrives: messages of deliveries.fifo or replay-deliveries.fifo from Lambda's SQS event source mapping, in order within their group: a
 *          delivery each, or the release of a parked lane.
 * Leaves:  signed webhooks, a record of every attempt, and parked lanes for what must wait.
 * Retries: SQS shows again what is named in the answer once the wait that was set on it is over. A subscriber's failures are
 *          counted in the delivery's record, never by SQS. After an error, the whole batch when its visibility ends.
 */
import middy from '@middy/core';
import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { deliver } from '#lib/lanes/deliver.ts';
import { earlyTimeout, lineOf, wideLine } from '#lib/telemetry/middleware.ts';
import { tracesOfBodies } from '#lib/telemetry/traces.ts';
import { deliveringFrom, telemetry } from './wiring.ts';

export const handler = middy<SQSEvent, SQSBatchResponse>(earlyTimeout)
  .use(wideLine('deliver', telemetry))
  .handler(async ({ Records }, context) => {
    const messages = Records.map(({ messageId, receiptHandle, body, attributes }) => ({
      messageId,
      receiptHandle,
      body,
      receiveCount: Number(attributes.ApproximateReceiveCount),
      // A FIFO queue always says; were it not to, a message by itself is in order by itself.
      groupId: attributes.MessageGroupId ?? messageId,
    }));
    const { failures, counts, reasons, errors } = await deliver(deliveringFrom(Records[0]?.eventSourceARN), messages, () =>
      context.getRemainingTimeInMillis(),
    );

    const { duplicate: duplicates, waits: retried, ...same } = counts;
    const line = lineOf(context);
    line.note(tracesOfBodies(Records.map(({ body }) => body)));
    line.note({ deliveries: messages.length, duplicates, retried, ...same, reasons, outcome: failures.length === 0 ? 'done' : 'partial' });
    if (failures.length > 0 || counts.dead > 0 || counts.quarantined > 0) line.warn();
    for (const error of errors) line.failure(error);
    return { batchItemFailures: failures.map((itemIdentifier) => ({ itemIdentifier })) };
  });
