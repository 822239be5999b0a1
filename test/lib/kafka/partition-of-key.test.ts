import { describe, expect, it } from 'vitest';
import { changeTopic } from '#lib/intake/change-log.ts';
import { partitionOfKey } from '#lib/kafka/partition-of-key.ts';
import { topics } from '#lib/kafka/topics.ts';

/** Hashes that the Java client's own test (UtilsTest, testMurmur2) lists for these keys. */
const javaHashes: Readonly<Record<string, number>> = {
  '21': -973932308,
  foobar: -790332482,
  'a-little-bit-long-string': -985981536,
  'a-little-bit-longer-string': -1486304829,
  lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8: -58897971,
  abc: 479470107,
};

describe('partitionOfKey', () => {
  it.each(Object.entries(javaHashes))('puts %s where the Java client does', (key, hash) => {
    for (const partitions of [1, 2, 12, 1000]) expect(partitionOfKey(key, partitions)).toBe((hash & 0x7fffffff) % partitions);
  });

  it('takes the empty key for a key, and not for none', () => {
    expect(new Set(Array.from({ length: 20 }, () => partitionOfKey('', 12))).size).toBe(1);
  });

  it('spreads keys over all partitions', () => {
    const used = new Set(Array.from({ length: 500 }, (_, index) => partitionOfKey(`acme:00u${index}`, 12)));
    expect([...used].toSorted((a, b) => a - b)).toEqual(Array.from({ length: 12 }, (_, index) => index));
  });
});

describe('topics', () => {
  it('holds the topic that changes are written to', () => {
    expect(Object.keys(topics)).toContain(changeTopic);
  });
});
