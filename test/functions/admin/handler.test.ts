import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ScanCommand } from '@aws-sdk/client-dynamodb';
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { provideEnvironment } from '#lib/config/environment.ts';
import { deliveryIdOf, deliveryMessageSchema } from '#lib/delivery/delivery.ts';
import { dynamodbClient } from '#lib/dynamodb/client.ts';
import { dynamodbDeliveryStore } from '#lib/dynamodb/delivery-store.ts';
import { dynamodbQuarantineIndex } from '#lib/dynamodb/quarantine-index.ts';
import { dynamodbSubscriptionStore } from '#lib/dynamodb/subscription-store.ts';
import type { HttpResponse } from '#lib/http/response.ts';
import { localDataKeys } from '#lib/sealing/local-data-keys.ts';
import { createLocalKeyFile } from '#lib/sealing/local-key-file.ts';
import { SecretBox } from '#lib/sealing/secret-box.ts';
import { subscriptionIdSchema } from '#lib/subscriptions/subscription.ts';
import { provideLogSink } from '#lib/telemetry/wide-line.ts';
import { localRegion, startAwsEmulators, type AwsEmulators } from '../../../local/aws-emulators.ts';
import { memberAdded } from '../../lib/subscriptions/changes.ts';
import { adminEvent, type AdminCallInput } from './admin-event.ts';

const token = 'an-invented-admin-token';
const bearer = { authorization: `Bearer ${token}` };
const json = { ...bearer, 'content-type': 'application/json' };
const good = { name: 'HR sync', url: 'https://hooks.example.com/identity', types: ['identity.user.*'] };

const folder = mkdtempSync(join(tmpdir(), 'admin-'));
const keyFile = join(folder, 'key');
const lines: string[] = [];
let aws: AwsEmulators;
let handler: (event: APIGatewayProxyEventV2, context: Context) => Promise<HttpResponse>;

beforeAll(async () => {
  createLocalKeyFile(keyFile);
  aws = await startAwsEmulators();
  provideEnvironment({ ...aws.environment, SECRETS_KEY_FILE: keyFile, ADMIN_AUTH: 'bearer', RELAY_ADMIN_TOKEN: token });
  provideLogSink((line) => lines.push(line));
  ({ handler } = await import('../../../functions/admin/handler.ts'));
});
afterAll(async () => {
  await aws.stop();
  rmSync(folder, { recursive: true });
});
beforeEach(() => lines.splice(0));

const dynamodb = () => dynamodbClient({ region: localRegion, endpoint: aws.dynamodbUrl });

async function call(line: `${string} /${string}`, input: AdminCallInput = { headers: bearer }) {
  const context = { awsRequestId: 'req-1', getRemainingTimeInMillis: () => 10_000 } as Context;
  const { statusCode, headers, body } = await handler(adminEvent(line, input), context);
  return { status: statusCode, headers, text: body, body: JSON.parse(body) };
}
const create = (body: unknown, headers = json) => call('POST /v1/subscriptions', { headers, body: JSON.stringify(body) });

describe('the admin API without a valid token', () => {
  it.each([
    ['nothing', {}],
    ['an empty token', { authorization: 'Bearer ' }],
    ['a wrong token', { authorization: 'Bearer wrong-token-of-some-length' }],
    ['the token with more after it', { authorization: `Bearer ${token}x` }],
    ['the beginning of the token', { authorization: `Bearer ${token.slice(0, -1)}` }],
    ['the token in another case', { authorization: `Bearer ${token.toUpperCase()}` }],
    ['the bare token', { authorization: token }],
    ['another scheme', { authorization: `Basic ${token}` }],
    ['two tokens', { authorization: `Bearer ${token},Bearer ${token}` }],
    ['a very long token', { authorization: `Bearer ${'x'.repeat(100_000)}` }],
  ])('answers 401 to %s, whatever was asked for', async (_, headers) => {
    for (const line of [
      'GET /v1/subscriptions',
      'POST /v1/subscriptions',
      'DELETE /v1/subscriptions',
      'GET /v1/nowhere',
      'GET /v1/subscriptions/sub_00000000000000000000000000',
    ] as const) {
      const { status, headers: answered, body } = await call(line, { headers, body: 'not json' });
      expect(status).toBe(401);
      expect(answered).toMatchObject({
        'www-authenticate': 'Bearer realm="okta-event-relay"',
        'content-type': 'application/problem+json',
        'cache-control': 'no-store',
      });
      expect(body).toEqual({ title: 'Unauthorized', status: 401, detail: expect.any(String) });
    }
  });

  it('takes the scheme in any case, and header names in any case', async () => {
    expect((await call('GET /v1/subscriptions', { headers: { Authorization: `bearer ${token}` } })).status).toBe(200);
  });

  it('does not take an IAM caller for a token', async () => {
    expect((await call('GET /v1/subscriptions', { iamUserArn: 'arn:aws:iam::123456789012:user/ana' })).status).toBe(401);
  });
});

describe('POST /v1/subscriptions', () => {
  it('answers 201 with the subscription, its place and, only here, its secret', async () => {
    const { status, headers, body } = await create({
      ...good,
      orgs: ['acme'],
      filter: 'user.userName ew "@example.com"',
      ordering: 'none',
    });
    expect(status).toBe(201);
    expect(headers).toMatchObject({
      location: `/v1/subscriptions/${body.id}`,
      'content-type': 'application/json',
      'cache-control': 'no-store',
    });
    const { secret, ...rest } = body;
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(rest).toEqual({
      ...good,
      id: expect.stringMatching(/^sub_[0-9a-z]{26}$/),
      orgs: ['acme'],
      filter: 'user.userName ew "@example.com"',
      ordering: 'none',
      format: 'cloudevents',
      stale: 'skip',
      status: 'active',
      circuit: { state: 'closed' },
      signing: [{ signature: 'v1', createdAt: rest.createdAt, expiresAt: null }],
      createdAt: expect.any(String),
      updatedAt: rest.createdAt,
    });
    const read = await call(`GET /v1/subscriptions/${body.id}`);
    expect(read).toMatchObject({ status: 200, body: rest });
    expect(read.text).not.toMatch(/secret|sealed|whsec/i);
  });

  it('tells no secret of a key pair, and serves its public half to everybody', async () => {
    const { status, body } = await create({ ...good, signature: 'v1a' });
    expect(status).toBe(201);
    expect(body).not.toHaveProperty('secret');
    const served = await call(`GET /v1/subscriptions/${body.id}/jwks.json`, {});
    expect(served.status).toBe(200);
    expect(served.body.keys).toHaveLength(1);
    const publicKey = Buffer.from(served.body.keys[0].x, 'base64url').toString('base64');
    expect(body.signing).toMatchObject([{ signature: 'v1a', publicKey: `whpk_${publicKey}`, keyId: served.body.keys[0].kid }]);
    expect(Object.keys(served.body.keys[0]).toSorted()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x']);
  });

  it('opens nothing else without a token: not another method, not another path, not what has no keys', async () => {
    const { body } = await create(good);
    const path = `/v1/subscriptions/${body.id}/jwks.json` as const;
    expect((await call(`GET ${path}`, {})).status).toBe(404);
    expect((await call('GET /v1/subscriptions/nobody/jwks.json', {})).status).toBe(404);
    for (const line of [
      `POST ${path}`,
      `DELETE ${path}`,
      `GET ${path}/`,
      `GET /${path}`,
      `GET /v1/subscriptions//jwks.json`,
      `GET /v1/orgs/${body.id}/jwks.json`,
    ] as const)
      // prettier-ignore
      expect({ line, status: (await call(line, {})).status }).toEqual({ line, status: 401 });
  });

  it('rotates: 200 with the new secret, once; 409 when no more can sign; 401 without a token', async () => {
    const { body: created } = await create(good);
    const line = `POST /v1/subscriptions/${created.id}/rotate-secret` as const;
    const rotate = (body?: object) =>
      call(line, { headers: body === undefined ? bearer : json, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    expect((await call(line, {})).status).toBe(401);
    const { status, body } = await rotate();
    expect(status).toBe(200);
    expect(body.secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(body.secret).not.toBe(created.secret);
    expect(body.signing).toMatchObject([{ expiresAt: null }, { createdAt: created.createdAt, expiresAt: expect.any(String) }]);
    expect((await call(`GET /v1/subscriptions/${created.id}`)).text).not.toContain('whsec_');
    for (let live = 2; live < 8; live += 1) expect((await rotate({ overlapSeconds: 60 })).status).toBe(200);
    const full = await rotate({ overlapSeconds: 60 });
    expect([full.status, full.body.detail]).toEqual([409, expect.stringContaining('overlap of 0')]);
    expect((await rotate({ overlapSeconds: 0, signature: 'v1a' })).body).not.toHaveProperty('secret');
    expect((await rotate({ overlapSeconds: -1 })).body).toMatchObject({ status: 422, errors: [{ pointer: '/overlapSeconds' }] });
    expect((await call('POST /v1/subscriptions/sub_00000000000000000000000000/rotate-secret')).status).toBe(404);
  });

  it('seals what deliver opens', async () => {
    const { body } = await create(good);
    const stored = await dynamodbSubscriptionStore({ client: dynamodb(), table: 'subscriptions' }).find(body.id);
    const box = new SecretBox(localDataKeys(keyFile), { now: () => new Date() });
    expect(await box.open(stored!.signingSecrets[0]!.sealed, { purpose: 'signing-secret', owner: body.id })).toBe(body.secret);
  });

  it('leaves no secret, name or URL in tables, logs or the key file', async () => {
    const { body } = await create({ ...good, name: 'Loud name', url: 'https://hooks.example.com/loud-path' });
    const bytes = body.secret.slice('whsec_'.length);
    const { Items } = await dynamodb().send(new ScanCommand({ TableName: 'subscriptions' }));
    expect(JSON.stringify(Items)).not.toContain(bytes);
    expect(readFileSync(keyFile, 'utf8')).not.toContain(bytes);
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0]!)).toMatchObject({ function: 'admin', outcome: 'created', httpStatus: 201 });
    for (const secret of [bytes, token, 'Loud name', 'loud-path']) expect(lines.join()).not.toContain(secret);
  });

  it('reads a body that API Gateway encoded in base64', async () => {
    expect(
      (await call('POST /v1/subscriptions', { headers: json, body: Buffer.from(JSON.stringify({ ...good, name: 'Größe 😀' })) })).body.name,
    ).toBe('Größe 😀');
  });

  it.each(['application/json; charset=utf-8', 'Application/JSON', 'application/merge-patch+json'])(
    'takes content-type %s',
    async (type) => {
      expect((await create(good, { ...json, 'content-type': type })).status).toBe(201);
    },
  );

  it.each([undefined, 'application/x-www-form-urlencoded', 'text/plain', 'application/jsonp', 'text/json'])(
    'answers 415 to content-type %s',
    async (type) => {
      const headers = type === undefined ? bearer : { ...bearer, 'content-type': type };
      expect(await call('POST /v1/subscriptions', { headers, body: JSON.stringify(good) })).toMatchObject({
        status: 415,
        body: { status: 415, title: 'Unsupported Media Type' },
      });
    },
  );

  it.each([
    ['nothing', ''],
    ['half of it', '{"name":'],
    ['no UTF-8', Buffer.from([0x22, 0xff, 0x22])],
    ['an unquoted word', 'undefined'],
    ['deep nesting that does not end', '['.repeat(60_000)],
    ['deeper nesting than any call has', `${'['.repeat(30_000)}${']'.repeat(30_000)}`],
  ])('answers 400 to %s', async (_, body) => {
    expect(await call('POST /v1/subscriptions', { headers: json, body })).toMatchObject({ status: 400, body: { title: 'Bad Request' } });
  });

  it('takes 64 KiB and answers 413 to one byte more', async () => {
    const padded = (bytes: number) => JSON.stringify(good).padEnd(bytes, ' ');
    expect((await call('POST /v1/subscriptions', { headers: json, body: padded(65_536) })).status).toBe(201);
    expect((await call('POST /v1/subscriptions', { headers: json, body: padded(65_537) })).status).toBe(413);
  });

  it('answers 422 naming every field at fault at once', async () => {
    const { status, headers, body } = await create({
      name: '',
      url: 'http://10.0.0.1/',
      types: ['nope'],
      filter: 'x',
      limits: { concurrency: 0 },
      colour: 'red',
    });
    expect(status).toBe(422);
    expect(headers['content-type']).toBe('application/problem+json');
    expect(body).toMatchObject({ title: 'Unprocessable Content', status: 422 });
    expect(body.errors.map((error: { pointer: string }) => error.pointer).toSorted()).toEqual([
      '/colour',
      '/filter',
      '/limits/concurrency',
      '/name',
      '/types/0',
      '/url',
    ]);
    for (const error of body.errors) expect(Object.keys(error).toSorted()).toEqual(['detail', 'pointer']);
  });

  it.each(['[]', 'null', '7', '"x"', '[[[[]]]]'])('answers 422 to JSON that is no object', async (body) => {
    expect(await call('POST /v1/subscriptions', { headers: json, body })).toMatchObject({
      status: 422,
      body: { errors: [{ pointer: '', detail: 'must be a JSON object' }] },
    });
  });

  it('refuses loopback where local mode did not allow it', async () => {
    expect((await create({ ...good, url: 'http://127.0.0.1:4040/' })).status).toBe(422);
  });
});

describe('GET /v1/subscriptions', () => {
  it('lists newest first, page by page, without secrets', async () => {
    const ids: string[] = [];
    for (let count = 0; count < 3; count += 1) ids.push((await create(good)).body.id);
    const seen: string[] = [];
    for (let cursor = ''; ;) {
      const { status, body, text } = await call(`GET /v1/subscriptions?limit=2${cursor}`);
      expect(status).toBe(200);
      expect(Object.keys(body)).toEqual(['data', 'nextCursor']);
      expect(text).not.toMatch(/secret|sealed|whsec/i);
      seen.push(...body.data.map(({ id }: { id: string }) => id));
      if (body.nextCursor === null) break;
      cursor = `&cursor=${encodeURIComponent(body.nextCursor)}`;
    }
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen).toEqual(seen.toSorted().toReversed());
    expect(seen).toEqual(expect.arrayContaining(ids));
  });

  it.each(['sub_00000000000000000000000000', 'sub_', 'nope', '%2e%2e', '__proto__', 'x'.repeat(5_000)])(
    'answers 404 to the id %s',
    async (id) => {
      expect(await call(`GET /v1/subscriptions/${id}`)).toMatchObject({ status: 404, body: { title: 'Not Found', status: 404 } });
    },
  );
});

describe('GET /v1/deliveries', () => {
  it('lists deliveries with their attempts in the documented shape, by every parameter', async () => {
    const subscription = subscriptionIdSchema.parse('sub_00000000000000000000000042');
    const change = { ...memberAdded(), sequence: '1795265922340-0000000000000000042' };
    const delivery = deliveryIdOf(subscription, 'acme', change.id);
    const message = deliveryMessageSchema.parse({ v: 1, delivery, subscription, org: 'acme', change });
    const now = new Date();
    const store = dynamodbDeliveryStore({ client: dynamodb(), table: 'deliveries', now: () => now });
    await store.claim({ message, lease: 'lease-1', now, leaseMs: 60_000 });
    const attempt = { time: now.toISOString(), status: 204, latencyMs: 12, error: null };
    await store.settle({ id: delivery, lease: 'lease-1', status: 'delivered', attempt });

    const expected = {
      id: delivery,
      subscription,
      org: 'acme',
      change: change.id,
      type: change.type,
      user: '00uAna',
      status: 'delivered',
      createdAt: now.toISOString(),
      attempts: [attempt],
      nextAttemptAt: null,
    };
    const since = encodeURIComponent(new Date(now.getTime() - 1_000).toISOString());
    for (const query of [
      '',
      `?subscription=${subscription}`,
      '?status=delivered',
      `?change=${change.id}`,
      '?user=00uAna',
      `?since=${since}`,
      `?until=${encodeURIComponent(new Date(now.getTime() + 1).toISOString())}`,
      '?limit=100',
    ]) {
      const { status, body } = await call(`GET /v1/deliveries${query}`);
      expect({ query, status, body }).toEqual({ query, status: 200, body: { data: [expected], nextCursor: null } });
    }
    const until = encodeURIComponent(now.toISOString());
    for (const query of [
      `?until=${until}`,
      '?subscription=sub_00000000000000000000000000',
      '?status=dead',
      '?change=other',
      '?user=other',
    ]) {
      expect((await call(`GET /v1/deliveries${query}`)).body.data).toEqual([]);
    }
  });
});

describe('GET /v1/quarantine', () => {
  it('lists entries in the documented shape, by org', async () => {
    const index = dynamodbQuarantineIndex({ client: dynamodb(), table: 'quarantine', now: () => new Date() });
    const receivedAt = new Date();
    await index.add({ id: 'q-1', org: 'acme', reason: 'not-json', detail: 'The body is no JSON', receivedAt, body: Buffer.from('12345') });
    await index.add({ id: 'q-2', org: 'unknown', reason: 'empty-body', detail: 'The body is empty', receivedAt, body: Buffer.of() });
    const acme = {
      id: 'q-1',
      org: 'acme',
      reason: 'not-json',
      detail: 'The body is no JSON',
      receivedAt: receivedAt.toISOString(),
      size: 5,
    };
    expect((await call('GET /v1/quarantine?org=acme')).body).toEqual({ data: [acme], nextCursor: null });
    expect((await call('GET /v1/quarantine?org=unknown')).body.data).toMatchObject([{ id: 'q-2', size: 0 }]);
    expect((await call('GET /v1/quarantine')).body.data).toHaveLength(2);
    const page = await call('GET /v1/quarantine?limit=1');
    expect((await call(`GET /v1/quarantine?limit=1&cursor=${page.body.nextCursor}`)).body).toMatchObject({
      data: [expect.anything()],
      nextCursor: null,
    });
  });
});

describe('what a query cannot say', () => {
  it.each([
    ['/v1/subscriptions?limit=0', '?limit'],
    ['/v1/subscriptions?limit=101', '?limit'],
    ['/v1/subscriptions?limit=1e1', '?limit'],
    ['/v1/subscriptions?limit=-1', '?limit'],
    ['/v1/subscriptions?limit=', '?limit'],
    ['/v1/subscriptions?cursor=', '?cursor'],
    ['/v1/subscriptions?cursor=nope', '?cursor'],
    ['/v1/subscriptions?colour=red', '?colour'],
    ['/v1/subscriptions?limit=1&limit=2', '?limit'],
    ['/v1/subscriptions?__proto__=1', '?__proto__'],
    ['/v1/deliveries?status=lost', '?status'],
    ['/v1/deliveries?subscription=nope', '?subscription'],
    ['/v1/deliveries?change=', '?change'],
    [`/v1/deliveries?user=${'x'.repeat(2_049)}`, '?user'],
    ['/v1/deliveries?since=yesterday', '?since'],
    ['/v1/deliveries?since=2026-11-21', '?since'],
    ['/v1/deliveries?since=2026-11-21T12:00:00', '?since'],
    ['/v1/deliveries?until=tomorrow', '?until'],
    ['/v1/deliveries?cursor=nope', '?cursor'],
    ['/v1/quarantine?org=ACME', '?org'],
    ['/v1/quarantine?cursor=nope', '?cursor'],
    ['/v1/quarantine?status=dead', '?status'],
  ])('%s: 422 naming %s', async (target, pointer) => {
    const { status, body } = await call(`GET /${target.slice(1)}`);
    expect(status).toBe(422);
    expect(body.errors).toEqual([{ pointer, detail: expect.any(String) }]);
  });

  it('names every parameter at fault at once', async () => {
    const { body } = await call('GET /v1/deliveries?status=lost&limit=0&colour=red');
    expect(body.errors.map((error: { pointer: string }) => error.pointer).toSorted()).toEqual(['?colour', '?limit', '?status']);
  });
});

describe('other paths and methods', () => {
  it.each([
    '/v1',
    '/v1/',
    '/v1/subscription',
    '/v1/subscriptions/',
    '/v1/subscriptions/a/b',
    '/v2/subscriptions',
    '/',
    '//v1/subscriptions',
    '/okta/acme/events',
  ])('GET %s is 404', async (path) => {
    expect((await call(`GET /${path.slice(1)}`)).status).toBe(404);
  });

  it.each([
    ['DELETE', '/v1/subscriptions', 'POST, GET'],
    ['HEAD', '/v1/subscriptions', 'POST, GET'],
    ['OPTIONS', '/v1/deliveries', 'GET'],
    ['POST', '/v1/quarantine', 'GET'],
    ['PUT', '/v1/subscriptions/sub_00000000000000000000000000', 'GET, PATCH, DELETE'],
    ['GET', '/v1/subscriptions/sub_00000000000000000000000000/pause', 'POST'],
    ['DELETE', '/v1/deliveries/dlv_00000000000000000000000000000000', 'GET'],
  ])('%s %s is 405 and names what is allowed', async (method, path, allow) => {
    expect(await call(`${method} ${path}` as `${string} /${string}`)).toMatchObject({ status: 405, headers: { allow } });
  });

  it('finds its paths below a named stage', async () => {
    expect((await call('GET /prod/v1/subscriptions', { headers: bearer, stage: 'prod' })).status).toBe(200);
  });
});
