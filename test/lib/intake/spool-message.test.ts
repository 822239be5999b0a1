import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ChangeRecord } from '#lib/intake/change-log.ts';
import { readSpoolMessage, spoolMessages } from '#lib/intake/spool-message.ts';
import { byKey, idsOf, recordOf } from './spool-records.ts';

function readBack(messages: ReturnType<typeof spoolMessages>): ChangeRecord[] {
  return messages.flatMap(({ body }) => {
    const read = readSpoolMessage(body);
    if (read.kind === 'unreadable') throw new Error(read.detail);
    return [...read.records];
  });
}
const plain = ({ key, value, headers }: ChangeRecord) => ({ key, value: Buffer.from(value).toString('hex'), headers });

const anyRecord = fc.record({
  key: fc.constantFrom('acme:ana', 'acme:ben', 'globex:ana', 'acme:%2F'),
  value: fc.uint8Array({ maxLength: 200 }),
  headers: fc.record({ ce_id: fc.string({ unit: 'binary' }), traceparent: fc.string() }, { requiredKeys: [] }),
});

describe('spoolMessages', () => {
  it('carries every record, byte for byte, those of a key in order', () => {
    fc.assert(
      fc.property(fc.array(anyRecord, { maxLength: 30 }), (records) => {
        const read = readBack(spoolMessages(records));
        for (const key of new Set(records.map((record) => record.key))) {
          const ofKey = (all: readonly ChangeRecord[]) => all.filter((record) => record.key === key).map(plain);
          expect(ofKey(read)).toEqual(ofKey(records));
        }
        expect(read.length).toBe(records.length);
      }),
    );
  });

  it('carries bytes that are part of a larger buffer', () => {
    const value = Buffer.from('before[the value]behind').subarray(6, -6);
    expect(Buffer.from(readBack(spoolMessages([{ ...recordOf('ana', '1'), value }]))[0]!.value).toString()).toBe('[the value]');
  });

  it('makes one message of the records of a key, and groups of what SQS takes as a name', () => {
    const messages = spoolMessages([recordOf('ana', '1'), recordOf('ben', '2'), recordOf('ana', '3'), recordOf('ana', '4')]);
    expect(messages.map(({ body }) => idsOf(readBack([{ groupId: '', deduplicationId: '', body }])))).toEqual([['1', '3', '4'], ['2']]);
    for (const { groupId, deduplicationId } of messages) {
      expect(groupId).toMatch(/^[0-9a-f]{64}$/);
      expect(deduplicationId).toMatch(/^[0-9a-f]{64}$/);
    }
    expect(new Set(messages.flatMap(({ groupId, deduplicationId }) => [groupId, deduplicationId])).size).toBe(4);
  });

  it('cuts what does not fit into one message, in order, each below 1 MiB', () => {
    const records = Array.from({ length: 12 }, (_, n) => recordOf('ana', String(n), { note: 'x'.repeat(256 * 1024 - 200) }));
    const messages = spoolMessages(records);
    expect(messages.length).toBeGreaterThan(1);
    expect(byKey(readBack(messages))).toEqual(byKey(records));
    for (const { body } of messages) expect(Buffer.byteLength(body)).toBeLessThan(1_048_576);
    expect(new Set(messages.map(({ groupId }) => groupId)).size).toBe(1);
    expect(new Set(messages.map(({ deduplicationId }) => deduplicationId)).size).toBe(messages.length);
  });

  it('knows a repeat by its key and change ids, whatever else it says', () => {
    const idOf = (records: ChangeRecord[]) => spoolMessages(records)[0]?.deduplicationId;
    const first = [recordOf('ana', '1'), recordOf('ana', '2')];
    expect(idOf([recordOf('ana', '1', { recordedtime: 'later' }), recordOf('ana', '2')])).toBe(idOf(first));
    expect(idOf([recordOf('ana', '1')])).not.toBe(idOf(first));
    expect(idOf([recordOf('ana', '2'), recordOf('ana', '1')])).not.toBe(idOf(first));
    expect(idOf([recordOf('ben', '1'), recordOf('ben', '2')])).not.toBe(idOf(first));
    expect(idOf([recordOf('ana', '1","2')])).not.toBe(idOf(first));
  });

  it('knows a record without an id by its bytes', () => {
    const idOf = (text: string) => spoolMessages([{ key: 'acme:ana', value: Buffer.from(text), headers: {} }])[0]?.deduplicationId;
    expect(idOf('one')).toBe(idOf('one'));
    expect(idOf('one')).not.toBe(idOf('two'));
  });
});

describe('readSpoolMessage', () => {
  const body = (change: object) =>
    JSON.stringify({ v: 1, key: 'acme:ana', records: [{ value: 'e30=', headers: { ce_id: '1' } }], ...change });

  it('reads what it should', () => {
    expect(readSpoolMessage(body({}))).toEqual({
      kind: 'readable',
      records: [{ key: 'acme:ana', value: Buffer.from('{}'), headers: { ce_id: '1' } }],
    });
  });

  it.each([
    ['no JSON', '{"v":1,'],
    ['another version', body({ v: 2 })],
    ['no key', body({ key: '' })],
    ['no records', body({ records: [] })],
    ['a record without a value', body({ records: [{ headers: {} }] })],
    ['a value that is not base64', body({ records: [{ value: 'e30', headers: {} }] })],
    ['headers that are no text', body({ records: [{ value: 'e30=', headers: { 'Ana Ito': 1 } }] })],
    ['half a million records that are none', body({ records: Array(500_000).fill(1) })],
    ['a list', '[]'],
    ['null', 'null'],
    ['nothing', ''],
  ])('says of %s that it is unreadable, and repeats nothing of it', (_name, text) => {
    const read = readSpoolMessage(text);
    expect(read).toMatchObject({ kind: 'unreadable', detail: expect.stringMatching(/^The .+\.$/) as string });
    expect(JSON.stringify(read)).not.toMatch(/Ana/);
  });

  it('reads as many of the smallest changes as one message is made of, and does not look into more than that', () => {
    const many = Array.from({ length: 5_000 }, (_, n) => recordOf('a', `${n}`));
    expect(readBack(spoolMessages(many))).toHaveLength(5_000);
    const read = readSpoolMessage(body({ records: Array(500_000).fill(1) }));
    expect(read).toEqual({ kind: 'unreadable', detail: 'The message has too many members and elements.' });
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        expect(['readable', 'unreadable']).toContain(readSpoolMessage(text).kind);
      }),
    );
  });
});
