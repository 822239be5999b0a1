import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maxHookBodyBytes, maxHookEvents, readHookEnvelope } from '#lib/okta/hook-envelope.ts';
import { scaled } from '../../support/scale.ts';
import { verifiedRequest } from './authenticity-fixtures.ts';

const faults = ['empty-body', 'body-too-large', 'not-json', 'not-an-event-hook', 'no-events', 'source-mismatch'];
const read = async (body: string | Uint8Array) => readHookEnvelope(await verifiedRequest({ body }));

const hostileKey = fc.constantFrom(
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  '',
  'data',
  'events',
  'source',
  'eventType',
);
const value = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom<unknown>('https://acme.okta.com/api/v1/eventHooks/who1', 'com.okta.event_hook', null, {}, [], 1e400),
);
/** An object as text, so that `__proto__` and repeated names reach the parser as members. */
const objectText = fc
  .array(fc.tuple(hostileKey, value), { maxLength: 8 })
  .map((members) => `{${members.map(([key, of]) => `${JSON.stringify(key)}:${JSON.stringify(of)}`).join(',')}}`);
const nearHook = fc
  .tuple(objectText, objectText, fc.array(objectText, { maxLength: 4 }))
  .map(([around, inside, events]) => `{"data":{"events":[${events.join(',')}],"more":${inside}},"more":${around},"__proto__":${inside}}`);
const body = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.json(),
  objectText,
  nearHook,
  fc.uint8Array({ maxLength: 200 }),
  // A readable body with some of its bytes changed, cut off or put twice.
  fc.tuple(nearHook, fc.array(fc.tuple(fc.nat(300), fc.nat(255)), { maxLength: 3 })).map(([text, changes]) => {
    const bytes = Buffer.from(text);
    for (const [at, byte] of changes) if (at < bytes.length) bytes[at] = byte;
    return bytes;
  }),
);

describe('a body of any kind', () => {
  it(`has one of the documented ends, touches no prototype and is not repeated in what is said of it`, async () => {
    const kinds = new Map<string, number>();
    await fc.assert(
      fc.asyncProperty(body, async (given) => {
        const envelope = await read(given);
        kinds.set(envelope.kind, (kinds.get(envelope.kind) ?? 0) + 1);
        if (envelope.kind === 'unreadable') {
          expect(faults).toContain(envelope.reason);
          expect(envelope.detail.length).toBeLessThan(120);
        } else {
          expect(envelope.events.length).toBeGreaterThan(0);
          expect(envelope.hookId ?? 'who1').toMatch(/^[A-Za-z0-9_-]{1,64}$/);
        }
        expect(Object.keys(Object.prototype)).toEqual([]);
        expect('more' in {}).toBe(false);
      }),
      { numRuns: scaled(20_000, 2_000) },
    );
    expect(Math.min(kinds.get('readable') ?? 0, kinds.get('unreadable') ?? 0)).toBeGreaterThan(20);
  });

  it('is read from its own members only, never from what stands behind them', async () => {
    await fc.assert(
      fc.asyncProperty(objectText, async (inherited) => {
        expect(await read(`{"__proto__":${inherited},"constructor":{"prototype":${inherited}}}`)).toMatchObject({ kind: 'unreadable' });
      }),
      { numRuns: scaled(2_000, 300) },
    );
  });
});

describe('a body made to cost much', () => {
  const full = (text: string) => text.repeat(Math.floor((maxHookBodyBytes - 100) / text.length));
  const shapes: readonly [string, () => string | Uint8Array][] = [
    ['arrays within arrays', () => `{"data":{"events":[${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}]}}`],
    ['arrays that never end', () => full('[')],
    ['objects within objects', () => `{"data":${'{"a":'.repeat(600_000)}1${'}'.repeat(600_000)}}`],
    ['one name a hundred thousand times', () => `{${full('"a":1,')}"data":{"events":[1]}}`],
    ['names that all differ', () => `{${Array.from({ length: 200_000 }, (_, at) => `"k${at}":0`).join(',')},"data":{"events":[1]}}`],
    ['events of one byte', () => `{"data":{"events":[${full('0,')}0]}}`],
    ['escapes', () => `{"data":{"events":["${full('\\u0000')}"]}}`],
    ['half characters', () => `{"data":{"events":["${full('\\ud800')}"]}}`],
    ['a long number', () => `{"data":{"events":[${full('9')}]}}`],
    ['white space', () => full(' ')],
    [
      'a source of three megabytes',
      () => `{"source":"https://${'a'.repeat(3_000_000)}.okta.com/api/v1/eventHooks/x","data":{"events":[1]}}`,
    ],
    ['a source of dots', () => `{"source":"https://acme.okta.com/${'../'.repeat(1_000_000)}","data":{"events":[1]}}`],
    ['a source of slashes', () => `{"source":"https://acme.okta.com/api/v1/eventHooks/${'/'.repeat(3_000_000)}","data":{"events":[1]}}`],
    ['no UTF-8 at the very end', () => Buffer.concat([Buffer.from(full(' ')), Buffer.from([0xff])])],
    ['continuation bytes', () => Buffer.alloc(maxHookBodyBytes, 0x80)],
    ['more than is opened', () => Buffer.alloc(6 * 1024 * 1024, 0x5b)],
  ];

  it.each(shapes)('of %s ends as documented in bounded time and heap', async (_name, make) => {
    const request = await verifiedRequest({ body: make() });
    const heapBefore = process.memoryUsage().heapUsed;
    const before = process.cpuUsage();
    const envelope = readHookEnvelope(request);
    const { user, system } = process.cpuUsage(before);
    // Of the processor's time, not the clock's: whoever else is busy on this machine counts in the clock. Okta waits three seconds.
    expect((user + system) / 1_000).toBeLessThan(2_000);
    expect(process.memoryUsage().heapUsed - heapBefore).toBeLessThan(256 * 1024 * 1024);
    if (envelope.kind === 'readable') expect(envelope.events.length).toBeLessThanOrEqual(maxHookEvents);
    else expect(faults).toContain(envelope.reason);
  });
});
