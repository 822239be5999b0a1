import type { LogRecord, ResumePoints } from '../intake/change-log.ts';

/** For Kafka the identifier is an object; a string, as SQS has it, counts as invalid and repeats the whole batch. */
export interface MskBatchResponse {
  readonly batchItemFailures: readonly { readonly itemIdentifier: { readonly partition: string; readonly offset: number } }[];
}

/** The partial-batch answer: for each partition that is not done, one identifier with the offset Lambda reads again from. */
export function mskBatchResponse(resumePoints: ResumePoints, records: readonly LogRecord[]): MskBatchResponse {
  const topics = new Map(records.map(({ partition, topic }) => [partition, topic]));
  return {
    batchItemFailures: [...resumePoints].map(([partition, offset]) => ({
      itemIdentifier: { partition: `${topics.get(partition) ?? ''}-${partition}`, offset },
    })),
  };
}
