import { describe, expect, it } from 'vitest';
import { mskBatchResponse } from '#lib/msk/msk-batch-response.ts';
import { recordOf } from '../../support/deliveries.ts';

const records = [
  recordOf({ partition: 0, offset: 7 }, null),
  recordOf({ partition: 11, offset: 3 }, null),
  recordOf({ partition: 11, offset: 4 }, null),
];

describe('mskBatchResponse', () => {
  it('names topic-partition and offset of every partition that is not done', () => {
    expect(mskBatchResponse(new Map([[11, 4]]), records, 'partitions')).toEqual({
      batchItemFailures: [{ itemIdentifier: { partition: 'identity.changes.v1-11', offset: 4 } }],
    });
  });

  it.each(['partitions', 'whole'] as const)('is empty for pollers that understand %s, when all is done', (answer) => {
    expect(mskBatchResponse(new Map(), records, answer)).toEqual({ batchItemFailures: [] });
  });

  it('is an error that names each partition, for pollers that know the whole batch only', () => {
    const resumePoints = new Map([
      [0, 7],
      [11, 4],
    ]);
    expect(() => mskBatchResponse(resumePoints, records, 'whole')).toThrow(
      expect.objectContaining({ code: 'BATCH_UNFINISHED', retry: true, facts: { unfinished: ['0 from 7', '11 from 4'] } }),
    );
  });
});
