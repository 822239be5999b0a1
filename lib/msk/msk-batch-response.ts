import { RelayError } from '../errors.ts';
import type { LogRecord, ResumePoints } from '../intake/change-log.ts';

/** What the pollers understand: `partitions`, provisioned ones; `whole`, all of them. */
export type BatchAnswer = 'partitions' | 'whole';

/** For Kafka the identifier is an object; a string, as SQS has it, counts as invalid and repeats the whole batch. */
export interface MskBatchResponse {
  readonly batchItemFailures: readonly { readonly itemIdentifier: { readonly partition: string; readonly offset: number } }[];
}

/**
 * The partial-batch answer: for each partition that is not done, one identifier with the offset Lambda reads again from.
 * @throws RelayError BATCH_UNFINISHED with `whole`, when there is such a partition: all of the batch is to come again.
 */
export function mskBatchResponse(resumePoints: ResumePoints, records: readonly LogRecord[], answer: BatchAnswer): MskBatchResponse {
  if (answer === 'whole' && resumePoints.size > 0) {
    const unfinished = [...resumePoints].map(([partition, offset]) => `${partition} from ${offset}`);
    throw new RelayError('BATCH_UNFINISHED', 'Partitions of the batch are not done, and all of it is to come again', {
      facts: { unfinished },
    });
  }
  const topics = new Map(records.map(({ partition, topic }) => [partition, topic]));
  return {
    batchItemFailures: [...resumePoints].map(([partition, offset]) => ({
      itemIdentifier: { partition: `${topics.get(partition) ?? ''}-${partition}`, offset },
    })),
  };
}
