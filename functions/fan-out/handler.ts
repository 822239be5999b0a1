/**
 * fan-out: from the change log to the delivery queue.
 *
 * Arrives: records of the change log, of one or more partitions, from Lambda's MSK event source mapping.
 * Leaves:  one delivery for each subscription a change is owed to, active or paused, on the queue; in quarantine what cannot be read, or
 *          what filters would be busy with for too long.
 * Retries: the mapping, for ever: each partition named in the answer from its offset, the whole batch after an error. With on-demand
 *          pollers (BATCH_ANSWER=whole) a partition that is not done ends in an error.
 */
import middy from '@middy/core';
import { fanOut } from '#lib/fan-out/fan-out.ts';
import { mskBatchResponse, type MskBatchResponse } from '#lib/msk/msk-batch-response.ts';
import { recordsOfMskEvent } from '#lib/msk/msk-event.ts';
import { earlyTimeout, lineOf, wideLine } from '#lib/telemetry/middleware.ts';
import { tracesOfRecords } from '#lib/telemetry/traces.ts';
import { batchAnswer, fanningOut, telemetry } from './wiring.ts';

export const handler = middy<unknown, MskBatchResponse>(earlyTimeout)
  .use(wideLine('fan-out', telemetry))
  .handler(async (event, context) => {
    const records = recordsOfMskEvent(event);
    const { resumePoints, failures, ...counts } = await fanOut(
      { records, remainingTimeMs: () => context.getRemainingTimeInMillis() },
      fanningOut,
    );

    const line = lineOf(context);
    line.note(tracesOfRecords(records));
    line.note({ ...counts, failedPartitions: resumePoints.size, outcome: resumePoints.size === 0 ? 'done' : 'partial' });
    telemetry.metrics.count('Queued', counts.deliveries);
    telemetry.metrics.count('Quarantined', counts.quarantined);
    telemetry.metrics.count('StuckPartitions', resumePoints.size);
    if (resumePoints.size > 0 || counts.quarantined > 0) line.warn();
    for (const failure of failures) line.failure(failure);
    return mskBatchResponse(resumePoints, records, batchAnswer);
  });
