import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { packCalls } from '#lib/sqs/pack-calls.ts';

const entries = fc.array(fc.record({ bytes: fc.oneof(fc.integer({ min: 1, max: 3_000 }), fc.integer({ min: 1, max: 1_048_576 })) }), {
  maxLength: 60,
});

describe('packCalls', () => {
  it('keeps every entry, in order', () => {
    fc.assert(
      fc.property(entries, (list) => {
        expect(packCalls(list).flat()).toEqual(list);
      }),
    );
  });

  it('never makes a call that SQS refuses for its size', () => {
    fc.assert(
      fc.property(entries, (list) => {
        for (const call of packCalls(list)) {
          expect(call.length).toBeGreaterThanOrEqual(1);
          expect(call.length).toBeLessThanOrEqual(10);
          expect(call.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThanOrEqual(1_048_576);
        }
      }),
    );
  });

  it('fills calls with ten small entries', () => {
    expect(packCalls(Array.from({ length: 25 }, () => ({ bytes: 1_000 }))).map((call) => call.length)).toEqual([10, 10, 5]);
  });
});
