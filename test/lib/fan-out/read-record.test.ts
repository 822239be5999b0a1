import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readRecord } from '#lib/fan-out/read-record.ts';
import { maxAttributeLength, maxChangeBytes } from '#lib/identity/change.ts';
import { maxChangeValues } from '#lib/identity/has-more-values-than.ts';
import { changeAbout, recordOf } from '../../support/deliveries.ts';

const place = { partition: 3, offset: 42 };
const change = changeAbout('00uana', 'one');
const trace = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const header = (value: string, name = 'traceparent') => ({ name, value: Buffer.from(value) });
const json = (value: unknown) => Buffer.from(JSON.stringify(value));

describe('readRecord', () => {
  it('reads a change and stamps its sequence with the offset', () => {
    expect(readRecord(recordOf(place, change))).toEqual({
      kind: 'change',
      change: { ...change, sequence: '1795265922340-0000000000000000042' },
      orderingKey: '00uana',
      traceparent: undefined,
    });
  });

  it('replaces a sequence that somebody else has stamped', () => {
    const reading = readRecord(recordOf(place, { ...change, sequence: '9999999999999-9999999999999999999' }));

    expect(reading).toMatchObject({ change: { sequence: '1795265922340-0000000000000000042' } });
  });

  it('keeps members that it does not know', () => {
    expect(readRecord(recordOf(place, { ...change, later: { version: 2 } }))).toMatchObject({ change: { later: { version: 2 } } });
  });

  it('reads a change whose record has no key or a key of its own', () => {
    expect(readRecord(recordOf(place, change, { key: null })).kind).toBe('change');
    expect(readRecord(recordOf(place, change, { key: Buffer.from('elsewhere') })).kind).toBe('change');
  });

  it.each([
    { what: 'one that is well-formed', headers: [header('x', 'ce_id'), header(trace)], expected: trace },
    { what: 'none', headers: [], expected: undefined },
    { what: 'a malformed one', headers: [header('00-abc-01')], expected: undefined },
    { what: 'one of zeroes', headers: [header(`00-${'0'.repeat(32)}-b7ad6b7169203331-01`)], expected: undefined },
    { what: 'one of the forbidden version', headers: [header(trace.replace('00-', 'ff-'))], expected: undefined },
    { what: 'one with a line break', headers: [header(`${trace}\n`)], expected: undefined },
    { what: 'two', headers: [header(trace), header(trace)], expected: undefined },
    { what: 'bytes that are no text', headers: [{ name: 'traceparent', value: Uint8Array.of(0xff, 0x00) }], expected: undefined },
  ])('given $what as traceparent takes $expected', ({ headers, expected }) => {
    expect(readRecord(recordOf(place, change, { headers }))).toMatchObject({ kind: 'change', traceparent: expected });
  });

  it.each([
    { what: 'no value', value: null },
    { what: 'an empty value', value: Buffer.alloc(0) },
    { what: 'text that is not JSON', value: Buffer.from('{"specversion":"1.0"') },
    { what: 'bytes that are not UTF-8', value: Buffer.from(JSON.stringify(change).replace('00uana', '\u00e9'), 'latin1') },
    { what: 'null', value: json(null) },
    { what: 'a list', value: json([change]) },
    { what: 'a change without an id', value: json({ ...change, id: undefined }) },
    { what: 'a change of another CloudEvents version', value: json({ ...change, specversion: '0.3' }) },
    { what: 'a change whose partitionkey names another org', value: json({ ...change, partitionkey: 'other:00uana' }) },
    { what: 'a change from before 1970', value: json({ ...change, time: '1969-12-31T23:59:59.000Z' }) },
  ])('finds $what unreadable and says so in a sentence', ({ value }) => {
    const reading = readRecord(recordOf(place, value));

    expect(reading).toMatchObject({ kind: 'unreadable', detail: expect.stringMatching(/^The .+/) });
  });

  describe('at the bounds that receive-hook keeps to', () => {
    const padded = (bytes: number) => {
      const note = 'x'.repeat(bytes - json({ ...change, note: '' }).byteLength);
      return json({ ...change, note });
    };
    const counted = (values: number) => {
      const list = Array(values).fill(0);
      const others = Object.keys(change).length + Object.keys(change.data).length + 1 + 1 + 1;
      return json({ ...change, list: list.slice(others) });
    };

    it.each([
      { what: 'bytes', within: padded(maxChangeBytes), beyond: padded(maxChangeBytes + 1) },
      { what: 'members and elements', within: counted(maxChangeValues), beyond: counted(maxChangeValues + 1) },
      {
        what: 'bytes once it is written again',
        within: Buffer.from(JSON.stringify({ ...change, list: '@' }).replace('"@"', `[${Array(9_000).fill('1e20').join(',')}]`)),
        beyond: Buffer.from(JSON.stringify({ ...change, list: '@' }).replace('"@"', `[${Array(9_000).fill(`1e20,"${'x'.repeat(15)}"`).slice(0, 4_900).join(',')},"${'x'.repeat(100_000)}"]`)), // prettier-ignore
      },
      ...(['id', 'type', 'subject', 'statekey', 'partitionkey', 'source'] as const).map((name) => {
        const long = (length: number) => ({ ...change, [name]: `${change[name]}`.padEnd(length, 'a') });
        return { what: `characters of its ${name}`, within: json(long(maxAttributeLength)), beyond: json(long(maxAttributeLength + 1)) };
      }),
    ])('reads a change with as many $what as there may be, and none with more', ({ within, beyond }) => {
      expect(readRecord(recordOf(place, within)).kind).toBe('change');
      expect(readRecord(recordOf(place, beyond))).toMatchObject({ kind: 'unreadable', detail: expect.stringMatching(/^The .{10,}/) });
    });

    it('makes no more of half a million wrong elements than of one', () => {
      const wrong = { ...change, data: { ...change.data, roles: Array(120_000).fill(1) } };
      expect(readRecord(recordOf(place, json(wrong)))).toEqual({
        kind: 'unreadable',
        detail: 'The value has too many members and elements',
      });
    });
  });

  it('quotes nothing of the record in the detail', () => {
    const reading = readRecord(recordOf(place, json({ ...change, id: 7, time: 'ana@example.com', data: { org: 'Ana Ito' } })));

    expect(reading).toMatchObject({ kind: 'unreadable' });
    expect(JSON.stringify(reading)).not.toMatch(/ana/i);
  });

  it('never throws, whatever the bytes', () => {
    const mutated = fc
      .dictionary(fc.constantFrom(...Object.keys(change)), fc.jsonValue())
      .map((members) => json({ ...change, ...members }));
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array(),
          mutated,
          fc.json().map((text) => Buffer.from(text)),
        ),
        (value) => {
          expect(['change', 'unreadable']).toContain(readRecord(recordOf(place, value)).kind);
        },
      ),
    );
  });
});
