import { describe, expect, it } from 'vitest';
import { readRecord } from '#lib/fan-out/read-record.ts';
import { readQueueMessage } from '#lib/delivery/read-queue-message.ts';
import { isDeeperThan } from '#lib/identity/is-deeper-than.ts';
import { readSpoolMessage } from '#lib/intake/spool-message.ts';

const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);

describe('nesting', () => {
  it.each([
    [nested(3), 3, false],
    [nested(4), 3, true],
    ['{"a":[{"b":1}]}', 3, false],
    ['{"a":[{"b":1}]}', 2, true],
    ['1', 0, false],
    ['null', 0, false],
    [nested(100_000), 110, true],
  ])('%.20s… is measured against %i: %s', (text, depth, isDeeper) => {
    expect(isDeeperThan(depth, JSON.parse(text))).toBe(isDeeper);
  });

  it('that would overflow a schema which looks at a length is unreadable, wherever it comes in', () => {
    const text = `{"id":{"length":${nested(5_000)}}}`;
    const record = { topic: 't', partition: 0, offset: 1, timestampMs: 0, key: null, value: Buffer.from(text), headers: [] };
    expect(readRecord(record).kind).toBe('unreadable');
    expect(readQueueMessage(`{"change":${text}}`, new Date(0)).kind).toBe('unreadable');
    expect(readQueueMessage(`{"release":{"length":${nested(5_000)}}}`, new Date(0)).kind).toBe('unreadable');
    expect(readSpoolMessage(`{"v":1,"key":"k","records":{"length":${nested(5_000)}}}`).kind).toBe('unreadable');
  });
});
