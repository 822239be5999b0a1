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
    expect(mskBatchResponse(new Map([[11, 4]]), records)).toEqual({
      batchItemFailures: [{ itemIdentifier: { partition: 'identity.changes.v1-11', offset: 4 } }],
    });
  });

  it('is empty when all is done', () => {
    expect(mskBatchResponse(new Map(), records)).toEqual({ batchItemFailures: [] });
  });
});
