import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { provideEnvironment } from '#lib/config/environment.ts';
import { provideChangeLog } from '#lib/config/local-parts.ts';
import { dynamodbClient } from '#lib/dynamodb/client.ts';
import { dynamodbOrgStore } from '#lib/dynamodb/org-store.ts';
import { dynamodbQuarantineIndex } from '#lib/dynamodb/quarantine-index.ts';
import type { HttpResponse } from '#lib/http/response.ts';
import { orgSchema } from '#lib/okta/org.ts';
import { digestOf } from '#lib/okta/secret-digest.ts';
import { localDataKeys } from '#lib/sealing/local-data-keys.ts';
import { createLocalKeyFile } from '#lib/sealing/local-key-file.ts';
import { SecretBox } from '#lib/sealing/secret-box.ts';
import { provideLogSink } from '#lib/telemetry/wide-line.ts';
import { localRegion, startAwsEmulators, type AwsEmulators } from '../../../local/aws-emulators.ts';
import { goldenEvent } from '../../fixtures/aws/http-api-events.ts';
import { InMemoryChangeLog } from '../../lib/intake/in-memory-ports.ts';
import { signature } from '../../lib/okta/authenticity-fixtures.ts';

const log = new InMemoryChangeLog();
const lines: string[] = [];
const folder = mkdtempSync(join(tmpdir(), 'receive-hook-'));
let aws: AwsEmulators;
let handler: (event: APIGatewayProxyEventV2, context: Context) => Promise<HttpResponse>;

beforeAll(async () => {
  aws = await startAwsEmulators();
  const keyFile = join(folder, 'key');
  createLocalKeyFile(keyFile);
  await seedAcme(new SecretBox(localDataKeys(keyFile), { now: () => new Date() }));
  provideEnvironment({ ...aws.environment, CHANGE_LOG: 'embedded', SECRETS_KEY_FILE: keyFile });
  provideChangeLog(log);
  provideLogSink((line) => lines.push(line));
  ({ handler } = await import('../../../functions/receive-hook/handler.ts'));
  // That the org spoke, and by which hook, is noted with the first request, for which the store has 300 ms: on a busy machine the line may say that it took longer.
  expect(await answer('events-post')).toEqual(empty(200));
});
afterAll(async () => {
  await aws.stop();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  log.health = 'working';
  log.records.length = 0;
  lines.length = 0;
});

const dynamodb = () => dynamodbClient({ region: localRegion, endpoint: aws.dynamodbUrl });

async function seedAcme(box: SecretBox): Promise<void> {
  const org = orgSchema.parse({
    id: 'acme',
    hosts: ['acme.okta.com'],
    authentication: [
      { kind: 'header', headerName: 'authorization', digests: [digestOf('acme hook secret')] },
      { kind: 'hmac', secrets: [await box.seal('signing key', { purpose: 'hook-secret', owner: 'acme' })] },
    ],
  });
  await dynamodbOrgStore({ client: dynamodb(), table: 'orgs' }).put(org);
}

type GoldenName = Parameters<typeof goldenEvent>[0];
interface Changed {
  headers?: Record<string, string>;
  body?: string;
  method?: string;
  rawPath?: string;
}

/** A golden event that was sent just now, with something about it changed. */
function sent(name: GoldenName, { headers, body, method, rawPath }: Changed = {}): APIGatewayProxyEventV2 {
  const golden = goldenEvent(name);
  const http = { ...golden.requestContext.http, method: method ?? golden.requestContext.http.method };
  return {
    ...golden,
    ...(body === undefined ? {} : { body }),
    rawPath: rawPath ?? golden.rawPath,
    headers: { ...golden.headers, ...headers },
    requestContext: { ...golden.requestContext, http, timeEpoch: Date.now() },
  };
}

// The chain reads these two of a Lambda context.
const context = () => ({ awsRequestId: 'aws-1', getRemainingTimeInMillis: () => 5_000 }) as unknown as Context;
const answer = (name: GoldenName, changed?: Changed) => handler(sent(name, changed), context());
const empty = (statusCode: number) => ({ statusCode, headers: {}, body: '' });
const line = () => JSON.parse(lines[0] ?? '{}') as Record<string, unknown>;

describe('the handshake', () => {
  it('gives the challenge back', async () => {
    expect(await answer('challenge-get')).toEqual({
      statusCode: 200,
      headers: { 'content-type': 'application/json' },
      body: '{"verification":"Inv3nted_ChAllenge-0123456789abcdefghij"}',
    });
  });

  it('is refused with a wrong secret', async () => {
    expect(await answer('challenge-get', { headers: { authorization: 'no' } })).toEqual(empty(401));
  });

  it('without a challenge is a bad request', async () => {
    expect(await answer('challenge-get', { headers: { 'x-okta-verification-challenge': '' } })).toEqual(empty(400));
  });
});

describe('events', () => {
  it.each(['events-post', 'events-post-base64'] as const)('of %s are in the log, in order, before the empty 200', async (name) => {
    expect(await answer(name)).toEqual(empty(200));
    expect(log.changes).toMatchObject([
      { id: 'b8f3a1de-0000-11f1-8000-000000000002', type: 'identity.group.member_removed', time: '2026-11-21T11:59:50.000Z' },
      { id: 'b8f3a1de-0000-11f1-8000-000000000001', type: 'identity.user.deactivated', time: '2026-11-21T11:59:50.100Z' },
    ]);
    expect(lines.length).toBe(1);
    expect(line()).toMatchObject({
      level: 'info',
      function: 'receive-hook',
      requestId: 'aws-1',
      org: 'acme',
      outcome: 'accepted',
      events: 2,
      changes: 2,
      quarantined: 0,
      httpStatus: 200,
    });
  });

  it('signed by a sender that can are taken', async () => {
    const timestamp = String(Math.floor(Date.now() / 1_000));
    const { body = '' } = goldenEvent('events-post');
    const headers = { authorization: '', 'x-relay-timestamp': timestamp, 'x-relay-signature': signature('signing key', timestamp, body) };
    expect(await answer('events-post', { headers })).toEqual(empty(200));
    expect(await answer('events-post', { headers, body: `${body} ` })).toEqual(empty(401));
  });

  it('signed, and sent again as they are, are answered 200 and not put on the log again', async () => {
    const timestamp = String(Math.floor(Date.now() / 1_000));
    const body = JSON.stringify({
      data: { events: [{ uuid: 'once', published: '2026-11-21T11:00:00Z', eventType: 'user.lifecycle.create' }] },
    });
    const headers = { authorization: '', 'x-relay-timestamp': timestamp, 'x-relay-signature': signature('signing key', timestamp, body) };
    // Its memory has 300 ms to answer. On a busy machine that may not do, and then the request is taken once more, which harms nothing.
    let taken = 0;
    do {
      taken = log.changes.length;
      lines.length = 0;
      expect(await answer('events-post', { headers, body })).toEqual(empty(200));
    } while (line()['outcome'] !== 'repeated' && taken < 20);
    expect(taken).toBeGreaterThan(0);
    expect(line()).toMatchObject({ level: 'warn', outcome: 'repeated', httpStatus: 200, org: 'acme' });
    expect(log.changes.map(({ id }) => id)).toEqual(Array(taken).fill('once'));
  });

  it('of a second event hook are taken, and the log line says so', async () => {
    const body = (hook: string) =>
      JSON.stringify({
        source: `https://acme.okta.com/api/v1/eventHooks/${hook}`,
        data: { events: [{ uuid: hook, published: '2026-11-21T11:00:00Z', eventType: 'user.lifecycle.create' }] },
      });
    await answer('events-post');
    lines.length = 0;
    expect(await answer('events-post', { body: body('whoSecond') })).toEqual(empty(200));
    expect(line()).toMatchObject({ level: 'warn', outcome: 'accepted', unconfirmedHook: 'whoSecond', changes: 1 });
  });

  it('that cannot be read are listed in quarantine, and the others are in the log', async () => {
    const readable = { uuid: 'ok', published: '2026-11-21T11:00:00Z', eventType: 'user.lifecycle.create' };
    expect(await answer('events-post', { body: JSON.stringify({ data: { events: [readable, { published: 'never' }] } }) })).toEqual(
      empty(200),
    );
    expect(log.changes).toMatchObject([{ id: 'ok' }]);
    const listed = await dynamodbQuarantineIndex({ client: dynamodb(), table: 'quarantine', now: () => new Date() }).list({
      org: 'acme',
      limit: 10,
    });
    expect(listed).toMatchObject({ data: [{ org: 'acme', reason: 'event-without-uuid' }] });
    expect(line()).toMatchObject({ level: 'warn', quarantined: 1, reasons: ['event-without-uuid'] });
  });

  it.each([
    ['', 'empty-body'],
    ['<xml/>', 'not-json'],
  ])('in the body %j go to quarantine whole', async (body, reason) => {
    expect(await answer('events-post', { body, headers: { 'content-type': 'text/plain' } })).toEqual(empty(200));
    expect(line()).toMatchObject({ outcome: 'quarantined', reasons: [reason] });
  });
});

describe('while the embedded log is away, events', () => {
  it('ask to be sent again: there is no spool behind it', async () => {
    log.health = 'unreachable';
    expect(await answer('events-post')).toEqual(empty(503));
    expect(line()).toMatchObject({ level: 'error', outcome: 'unavailable', errors: [{ code: 'CHANGE_LOG_UNAVAILABLE' }] });
  });

  it('ask to be sent again before Okta hangs up when it says nothing', async () => {
    log.health = 'silent';
    const event = sent('events-post');
    const aged = { ...event, requestContext: { ...event.requestContext, timeEpoch: Date.now() - 1_800 } };
    expect(await handler(aged, context())).toEqual(empty(503));
    expect(Date.now() - aged.requestContext.timeEpoch).toBeLessThan(3_000);
  });
});

describe('authenticity comes first', () => {
  it.each<[string, Changed]>([
    ['a wrong secret', { headers: { authorization: 'acme hook secre' } }],
    ['no secret', { headers: { authorization: '' } }],
    ['an unknown org', { rawPath: '/okta/nobody/events' }],
    ['no org', { rawPath: '/okta' }],
    ['another path', { rawPath: '/okta/acme/other', headers: { authorization: 'no' } }],
    ['another method', { method: 'DELETE', headers: { authorization: 'no' } }],
  ])('for %s: 401 and nothing else', async (_name, changed) => {
    expect(await answer('events-post', changed)).toEqual(empty(401));
    expect(log.records).toEqual([]);
  });

  it('then the path, then the method', async () => {
    expect(await answer('events-post', { rawPath: '/okta/acme/other', method: 'PUT' })).toEqual(empty(404));
    expect(await answer('events-post', { method: 'PUT' })).toEqual({ statusCode: 405, headers: { allow: 'GET, POST' }, body: '' });
  });
});

describe('what nobody expected', () => {
  it('asks to be sent again, and tells the log which class of error, not what it said', async () => {
    expect(await handler({} as APIGatewayProxyEventV2, context())).toEqual(empty(503));
    expect(line()).toMatchObject({ level: 'error', httpStatus: 503, errors: [{ code: 'UNKNOWN', kind: 'TypeError' }] });
  });
});

it('writes no secret, name or address to the log', async () => {
  await answer('events-post');
  await answer('events-post', { body: '{"data":{"events":[{"actor":"Ana Ito ana@example.com"}]}}' });
  await answer('events-post', { headers: { authorization: 'wrong secret' } });
  await answer('challenge-get');
  expect(lines.length).toBe(4);
  expect(lines.join('\n')).not.toMatch(/secret|Ana|Ito|example\.com|Inv3nted/);
});
