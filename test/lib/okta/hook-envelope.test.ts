import { describe, expect, it } from 'vitest';
import { maxHookBodyBytes, maxHookEvents, readHookEnvelope, type HookEnvelope } from '#lib/okta/hook-envelope.ts';
import { verifiedRequest } from './authenticity-fixtures.ts';

const read = async (body: string | Uint8Array): Promise<HookEnvelope> => readHookEnvelope(await verifiedRequest({ body }));
const readJson = async (value: unknown) => read(JSON.stringify(value));
const hook = (more: object = {}) => ({
  eventType: 'com.okta.event_hook',
  source: 'https://acme.okta.com/api/v1/eventHooks/who1',
  data: { events: [1] },
  ...more,
});

describe('a readable envelope', () => {
  it('gives its events and its id', async () => {
    expect(await readJson(hook({ eventId: 'e-1', data: { events: [{ uuid: 'a' }, null] } }))).toEqual({
      kind: 'readable',
      hookRequestId: 'e-1',
      hookId: 'who1',
      events: [{ uuid: 'a' }, null],
    });
  });

  it.each([
    ['eventID', { eventID: 'e-2' }, 'e-2'],
    ['a null id', { eventId: null, eventID: null }, undefined],
    ['an id that is no text', { eventId: 5 }, undefined],
    ['an empty id', { eventId: '' }, undefined],
  ])('reads %s', async (_name, more, hookRequestId) => {
    expect(await readJson(hook(more))).toMatchObject({ kind: 'readable', hookRequestId });
  });

  it.each([
    ['nothing but events', { data: { events: [1] } }],
    ['null in place of everything else', { eventType: null, source: null, eventId: null, eventTime: null, data: { events: [1] } }],
    ['unknown fields', hook({ added: { in: 2031 }, data: { events: [1], next: [] } })],
    ['another host of the org, in capitals', hook({ source: 'https://LOGIN.acme.example.com' })],
    ['a __proto__ member', JSON.parse('{"__proto__":{"data":null},"data":{"__proto__":[],"events":[1]}}')],
  ])('may have %s', async (_name, value) => {
    expect(await readJson(value)).toMatchObject({ kind: 'readable', events: [1] });
  });

  it.each([
    ['https://acme.okta.com/api/v1/eventHooks/whoA_b-9', 'whoA_b-9'],
    ['https://ACME.okta.com/api/v1/eventHooks/who1/', 'who1'],
    ['https://acme.okta.com/api/v1/eventHooks/who1?x=y#z', 'who1'],
    ['https://acme.okta.com/api/v1/eventHooks/', undefined],
    ['https://acme.okta.com/api/v1/eventHooks/who1/more', undefined],
    ['https://acme.okta.com/api/v1/eventHooks/a/../who1', 'who1'],
    ['https://acme.okta.com/api/v1/eventHooks/who%201', undefined],
    [`https://acme.okta.com/api/v1/eventHooks/${'w'.repeat(65)}`, undefined],
    ['https://acme.okta.com/eventHooks/who1', undefined],
    ['https://acme.okta.com', undefined],
    [null, undefined],
  ])('with the source %.60j comes from the hook %j', async (source, hookId) => {
    expect(await readJson(hook({ source }))).toMatchObject({ kind: 'readable', hookId });
  });

  it('may begin with a byte order mark', async () => {
    expect(await read(`\ufeff${JSON.stringify(hook())}`)).toMatchObject({ kind: 'readable' });
  });

  it('may hold anything 100,000 levels deep', async () => {
    const deep = '['.repeat(100_000) + ']'.repeat(100_000);
    expect(await read(`{"extra":${deep},"data":{"events":[${deep}]}}`)).toMatchObject({ kind: 'readable' });
  });

  it('may have as many bytes and events as are carried', async () => {
    expect(await readJson(hook({ data: { events: Array.from({ length: maxHookEvents }, () => 0) } }))).toMatchObject({ kind: 'readable' });
    expect(await read(JSON.stringify(hook()).padEnd(maxHookBodyBytes))).toMatchObject({ kind: 'readable' });
  });
});

describe('an unreadable envelope', () => {
  it.each([
    ['an empty body', '', 'empty-body'],
    ['only white space', ' \r\n', 'empty-body'],
    ['broken JSON', '{"data":', 'not-json'],
    ['a form', 'a=b&c=d', 'not-json'],
    ['two documents', '{}{}', 'not-json'],
    ['null', 'null', 'not-an-event-hook'],
    ['a number', '7', 'not-an-event-hook'],
    ['an array', '[{"data":{"events":[1]}}]', 'not-an-event-hook'],
    ['an empty object', '{}', 'not-an-event-hook'],
    ['a prototype instead of members', '{"__proto__":{"data":{"events":[1]}}}', 'not-an-event-hook'],
    ['unbalanced depth', '['.repeat(100_000), 'not-json'],
  ])('says so of %s', async (_name, body, reason) => {
    expect(await read(body)).toMatchObject({ kind: 'unreadable', reason });
  });

  it.each([
    ['another eventType', hook({ eventType: 'com.okta.oauth2.tokens.transform' }), 'not-an-event-hook'],
    ['an eventType that is no text', hook({ eventType: {} }), 'not-an-event-hook'],
    ['data that is no object', hook({ data: [] }), 'not-an-event-hook'],
    ['events that are no array', hook({ data: { events: { 0: {} } } }), 'not-an-event-hook'],
    ['no events', hook({ data: { events: [] } }), 'no-events'],
    ['null events', hook({ data: { events: null } }), 'no-events'],
    ['null data', hook({ data: null }), 'no-events'],
    ['too many events', hook({ data: { events: Array.from({ length: maxHookEvents + 1 }, () => 0) } }), 'body-too-large'],
    ['a foreign host', hook({ source: 'https://other.okta.com/api/v1/eventHooks/who1' }), 'source-mismatch'],
    ["the org's host as a user name", hook({ source: 'https://acme.okta.com@other.example.com' }), 'source-mismatch'],
    ["a host that ends in the org's", hook({ source: 'https://not-acme.okta.com' }), 'source-mismatch'],
    ['a source that is no URL', hook({ source: 'acme.okta.com' }), 'source-mismatch'],
    ['a source that is no text', hook({ source: ['https://acme.okta.com'] }), 'source-mismatch'],
  ])('says so of %s', async (_name, value, reason) => {
    expect(await readJson(value)).toMatchObject({ kind: 'unreadable', reason });
  });

  it('says so of bytes that are not UTF-8', async () => {
    expect(await read(Buffer.concat([Buffer.from('{"data":{"events":["'), Buffer.from([0xff]), Buffer.from('"]}}')]))).toMatchObject({
      reason: 'not-json',
      detail: 'the body is not UTF-8',
    });
  });

  it('says so of a body too large, without looking inside', async () => {
    expect(await read(Buffer.alloc(maxHookBodyBytes + 1))).toMatchObject({ reason: 'body-too-large' });
  });

  it('repeats nothing of the body', async () => {
    const { detail } = (await read('{"name":"Ana Ito" oops')) as { detail: string };
    expect(detail).not.toContain('Ana');
  });
});
