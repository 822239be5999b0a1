import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { recordsOfMskEvent } from '#lib/msk/msk-event.ts';

type Json = Record<string, unknown>;
const golden = (name: string) =>
  JSON.parse(readFileSync(new URL(`../../fixtures/aws/${name}.json`, import.meta.url), 'utf8')) as Json & {
    records: Record<string, Json[]>;
  };
const text = (bytes: Uint8Array | null | undefined) => Buffer.from(bytes ?? []).toString('utf8');
const withRecord = (members: Json) => ({
  eventSource: 'aws:kafka',
  records: { 't-0': [{ topic: 't', partition: 0, offset: 0, timestamp: 1, headers: [], ...members }] },
});

describe('recordsOfMskEvent', () => {
  it('decodes keys, values and headers of every partition', () => {
    const records = recordsOfMskEvent(golden('msk-two-partitions'));

    expect(records.map(({ topic, partition, offset }) => [topic, partition, offset])).toEqual([
      ['identity.changes.v1', 0, 100],
      ['identity.changes.v1', 0, 101],
      ['identity.changes.v1', 7, 5],
      ['identity.changes.v1', 7, 6],
    ]);
    expect(text(records[0]?.key)).toBe('acme:00uana000000000004x7');
    expect(JSON.parse(text(records[2]?.value))).toMatchObject({
      id: '2d050e48-fc0a-41ea-bbf6-000000000003',
      data: { user: { displayName: 'Bén Osei 🫠' } },
    });
    expect(records[0]?.headers.map(({ name, value }) => [name, text(value)])).toEqual([
      ['ce_id', '2d050e48-fc0a-41ea-bbf6-000000000001'],
      ['ce_type', 'identity.user.activated'],
      ['content-type', 'application/cloudevents+json'],
      ['traceparent', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'],
    ]);
    expect(records[0]?.timestampMs).toBe(Date.parse('2026-11-21T12:58:52.700Z'));
  });

  it('takes an absent or null key and value for none', () => {
    expect(recordsOfMskEvent(golden('msk-two-partitions'))[1]?.key).toBeNull();
    expect(recordsOfMskEvent(golden('msk-unreadable-records'))[1]?.value).toBeNull();
    expect(recordsOfMskEvent(withRecord({ key: null, value: null }))).toMatchObject([{ key: null, value: null }]);
  });

  it('understands the signed bytes of a JVM in headers', () => {
    expect(text(recordsOfMskEvent(golden('msk-unreadable-records'))[0]?.headers[0]?.value)).toBe('0é');
  });

  it.each([
    { what: 'a key that is no text', members: { key: 7 } },
    { what: 'a value that is no text', members: { value: { a: 1 } } },
    { what: 'headers of another shape', members: { headers: { traceparent: 'x' } } },
    { what: 'no headers', members: { headers: null } },
    { what: 'no timestamp', members: { timestamp: null } },
    { what: 'text that is not base64', members: { value: '***' } },
  ])('leaves a record with $what to its reader', ({ members }) => {
    expect(recordsOfMskEvent(withRecord(members))).toMatchObject([{ topic: 't', partition: 0, offset: 0 }]);
  });

  it.each([
    { what: 'an SQS event', event: { Records: [] } },
    { what: 'a self-managed Kafka event', event: { eventSource: 'SelfManagedKafka', records: {} } },
    { what: 'nothing', event: undefined },
    { what: 'a record without an offset', event: withRecord({ offset: undefined }) },
    {
      what: 'records of two topics',
      event: {
        eventSource: 'aws:kafka',
        records: { ...withRecord({}).records, 'u-0': [{ topic: 'u', partition: 0, offset: 0, timestamp: 1, headers: [] }] },
      },
    },
  ])('refuses $what as a mistake in the configuration', ({ event }) => {
    expect(() => recordsOfMskEvent(event)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  });
});
