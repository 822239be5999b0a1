import { describe, expect, it } from 'vitest';
import type { LogRecord } from '#lib/intake/change-log.ts';
import { doublingBackOff } from '#lib/kafka/back-off.ts';
import { settleBatch } from '#lib/kafka/settle-batch.ts';

function at(partition: number, offset: number): LogRecord {
  return { topic: 't', partition, offset, timestampMs: 0, key: null, value: null, headers: [] };
}

const batch = [at(0, 5), at(0, 6), at(3, 9)];

describe('settleBatch', () => {
  it('is done with what is not named', async () => {
    const { byPartition } = await settleBatch(batch, () => Promise.resolve(new Map([[0, 6]])));
    expect([...byPartition]).toEqual([
      [0, { kind: 'again', offset: 6 }],
      [3, { kind: 'done', offset: 10 }],
    ]);
  });

  it.each([
    ['another partition', new Map([[7, 5]])],
    ['an offset before the batch', new Map([[0, 4]])],
    ['an offset after the batch', new Map([[0, 7]])],
    ['no number', new Map([[0, NaN]])],
  ])('reads all of it again when the answer names %s', async (_what, points) => {
    const { byPartition, failure } = await settleBatch(batch, () => Promise.resolve(points));
    expect([...byPartition.values()]).toEqual([
      { kind: 'again', offset: 5 },
      { kind: 'again', offset: 9 },
    ]);
    expect(failure).toBeInstanceOf(RangeError);
  });

  it('reads all of it again when handling throws, also before its first await', async () => {
    const { failure } = await settleBatch(batch, () => {
      throw new Error('at once');
    });
    expect(failure).toMatchObject({ message: 'at once' });
  });
});

describe('doublingBackOff', () => {
  it('starts at 100 ms, doubles, and stays at ten seconds', () => {
    expect([1, 2, 3, 7, 8, 9, 2_000].map(doublingBackOff)).toEqual([100, 200, 400, 6_400, 10_000, 10_000, 10_000]);
  });
});
