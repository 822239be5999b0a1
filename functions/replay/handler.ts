/**
 * replay: a piece of the change log again, for one subscription.
 *
 * Arrives: messages of replays.fifo from Lambda's SQS event source mapping, one replay each.
 * Leaves:  its changes as deliveries on replay-deliveries.fifo, and how far it is in its record.
 * Retries: SQS shows again what is named in the answer: at once when the time was up and the replay goes on, after 30 s when
 *          something failed, for as long as it keeps messages (14 days).
 */
import middy from '@middy/core';
import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { replayTotals } from '#lib/replay/replay-totals.ts';
import { workReplays } from '#lib/replay/work-replays.ts';
import { earlyTimeout, lineOf, wideLine } from '#lib/telemetry/middleware.ts';
import { replaying, telemetry } from './wiring.ts';

export const handler = middy<SQSEvent, SQSBatchResponse>(earlyTimeout)
  .use(wideLine('replay', telemetry))
  .handler(async ({ Records }, context) => {
    const { failures, outcomes, unreadable, errors } = await workReplays(replaying, Records, () => context.getRemainingTimeInMillis());

    const line = lineOf(context);
    for (const outcome of outcomes) {
      line.note({ outcome: outcome.kind });
      if (!('replay' in outcome)) continue;
      const { id, subscription, error } = outcome.replay;
      const { read, matched, queued } = replayTotals(outcome.replay);
      line.note({
        replay: id,
        subscription,
        records: read,
        changes: matched,
        deliveries: queued,
        ...(error === null ? {} : { reasons: [error] }),
      });
    }
    if (unreadable > 0 || outcomes.some(({ kind }) => kind === 'failed' || kind === 'unknown')) line.warn();
    for (const error of errors) line.failure(error);
    return { batchItemFailures: failures.map((itemIdentifier) => ({ itemIdentifier })) };
  });
