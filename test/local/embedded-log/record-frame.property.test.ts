import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeBody, encodeFrame, readFrame } from '../../../local/embedded-log/record-frame.ts';
import { scaled } from '../../support/scale.ts';

const headers = fc.dictionary(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), { maxKeys: 5, noNullPrototype: true });
const records = fc.record({ key: fc.string({ unit: 'grapheme' }), value: fc.uint8Array({ maxLength: 2_000 }), headers });
const offsets = fc.maxSafeNat();
const times = fc.date({ noInvalidDate: true }).map((date) => date.getTime());

describe('a record’s frame', () => {
  it('gives back what was put in', () => {
    fc.assert(
      fc.property(records, offsets, times, (record, offset, timestampMs) => {
        const answer = readFrame(encodeFrame(record, offset, timestampMs), 0);
        if (answer.kind !== 'frame') throw new Error(answer.kind);
        const stored = decodeBody(answer.body);
        expect([stored.offset, stored.timestampMs, Buffer.from(stored.key).toString()]).toEqual([offset, timestampMs, record.key]);
        expect(Buffer.from(stored.value).equals(Buffer.from(record.value))).toBe(true);
        expect(Object.fromEntries(stored.headers.map(({ name, value }) => [name, Buffer.from(value).toString()]))).toEqual(record.headers);
      }),
      { numRuns: scaled(2_000, 300) },
    );
  });

  it('is incomplete at every shorter length', () => {
    fc.assert(
      fc.property(records, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (record, share) => {
        const frame = encodeFrame(record, 1, 1);
        expect(readFrame(frame.subarray(0, Math.floor(frame.length * share)), 0).kind).toBe('incomplete');
      }),
      { numRuns: scaled(2_000, 300) },
    );
  });

  it('never passes for whole with a byte changed', () => {
    fc.assert(
      fc.property(records, fc.nat(), fc.integer({ min: 1, max: 255 }), (record, at, change) => {
        const frame = encodeFrame(record, 1, 1);
        const place = at % frame.length;
        frame[place] = frame[place]! ^ change;
        expect(readFrame(frame, 0).kind).toBe('damaged');
      }),
      { numRuns: scaled(2_000, 300) },
    );
  });
});
