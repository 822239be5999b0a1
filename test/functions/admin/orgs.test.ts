import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ScanCommand } from '@aws-sdk/client-dynamodb';
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { provideEnvironment } from '#lib/config/environment.ts';
import { dynamodbClient } from '#lib/dynamodb/client.ts';
import { seedOrgs } from '#lib/dynamodb/org-seed.ts';
import { dynamodbOrgStore } from '#lib/dynamodb/org-store.ts';
import { dynamodbSeenHooks } from '#lib/dynamodb/seen-hooks.ts';
import type { HttpResponse } from '#lib/http/response.ts';
import { CachedOrgStore } from '#lib/intake/cached-org-store.ts';
import { VerifiedHookRequest } from '#lib/okta/authenticity.ts';
import { orgIdSchema } from '#lib/okta/org.ts';
import { localDataKeys } from '#lib/sealing/local-data-keys.ts';
import { createLocalKeyFile } from '#lib/sealing/local-key-file.ts';
import { SecretBox } from '#lib/sealing/secret-box.ts';
import { provideLogSink } from '#lib/telemetry/wide-line.ts';
import { localRegion, startAwsEmulators, type AwsEmulators } from '../../../local/aws-emulators.ts';
import { headerScheme, hookRequest, orgWith, signature } from '../../lib/okta/authenticity-fixtures.ts';
import { adminEvent } from './admin-event.ts';

const token = 'an-invented-admin-token';
const folder = mkdtempSync(join(tmpdir(), 'admin-orgs-'));
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
beforeEach(async () => {
  lines.splice(0);
  const { body } = await call('GET /v1/orgs?limit=100');
  for (const { id } of body.data) await call(`DELETE /v1/orgs/${id}`);
});

const dynamodb = () => dynamodbClient({ region: localRegion, endpoint: aws.dynamodbUrl });
const acme = orgIdSchema.parse('acme');
const good = { id: 'acme', hosts: ['acme.okta.com'], authentication: { kind: 'header' } };

async function call(line: `${string} /${string}`, body?: unknown, headers: Record<string, string> = {}) {
  const context = { awsRequestId: 'req-1', getRemainingTimeInMillis: () => 10_000 } as Context;
  const input = {
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  };
  const { statusCode, headers: answered, body: text } = await handler(adminEvent(line, input), context);
  return { status: statusCode, headers: answered, text, body: JSON.parse(text) };
}

/** What a warm environment of receive-hook makes of this secret; `afterMs` later than it first read the org. */
function hookDoor() {
  let nowMs = Date.now();
  const now = () => new Date(nowMs);
  const orgs = new CachedOrgStore(dynamodbOrgStore({ client: dynamodb(), table: 'orgs' }), { now });
  const box = new SecretBox(localDataKeys(keyFile), { now });
  const secrets = { open: box.open.bind(box), openDecoy: async () => undefined };
  const opens = async (headers: Record<string, string>, options: { fresh?: boolean } = {}) =>
    (await VerifiedHookRequest.verify(hookRequest({ headers, body: 'body' }), await orgs.find(acme, options), { secrets, now })) !==
    undefined;
  return {
    opens,
    /** As receiveHook does: what does not match is looked up anew once. */
    opensAtLast: async (headers: Record<string, string>) => (await opens(headers)) || opens(headers, { fresh: true }),
    wait: (ms: number) => (nowMs += ms),
    signed(secret: string) {
      const timestamp = String(Math.floor(nowMs / 1000));
      return { 'x-relay-timestamp': timestamp, 'x-relay-signature': signature(secret, timestamp, 'body') };
    },
  };
}

describe('POST /v1/orgs', () => {
  it('answers 201 with the org, its place and, only here, its secret, which opens the hook URL', async () => {
    const { status, headers, body } = await call('POST /v1/orgs', good);
    expect(status).toBe(201);
    expect(headers).toMatchObject({ location: '/v1/orgs/acme', 'cache-control': 'no-store' });
    const { secret, ...rest } = body;
    expect(rest).toEqual({
      id: 'acme',
      hosts: ['acme.okta.com'],
      status: 'active',
      authentication: [{ kind: 'header', headerName: 'authorization', secrets: 1, previousUntil: null }],
      hooks: { confirmed: [], others: 'accept' },
      silentAfterHours: 24,
      createdAt: expect.any(String),
      updatedAt: rest.createdAt,
    });
    expect(await hookDoor().opens({ authorization: secret })).toBe(true);
    const read = await call('GET /v1/orgs/acme');
    expect(read).toMatchObject({ status: 200, body: rest });
  });

  it.each(['header', 'basic', 'hmac'])('leaves no secret of %s in table, log or list', async (kind) => {
    const { body } = await call('POST /v1/orgs', { ...good, authentication: { kind } });
    const rotation = await call('POST /v1/orgs/acme/rotate-secret', {});
    const list = await call('GET /v1/orgs');
    const { Items } = await dynamodb().send(new ScanCommand({ TableName: 'orgs' }));
    for (const secret of [body.secret, rotation.body.secret].map((text: string) => text.replace('okta:', ''))) {
      expect(secret).toMatch(/^ohs_/);
      for (const place of [JSON.stringify(Items), lines.join(), list.text]) expect(place).not.toContain(secret);
    }
    expect(list.text).not.toMatch(/digest|sealed|cipher|[0-9a-f]{64}/);
  });

  it('seals an hmac secret so that receive-hook opens it', async () => {
    const { body } = await call('POST /v1/orgs', { ...good, authentication: { kind: 'hmac' } });
    const door = hookDoor();
    expect(await door.opens(door.signed(body.secret))).toBe(true);
    expect(await door.opens(door.signed(`${body.secret}x`))).toBe(false);
  });

  it('answers 409 to an id that is there, and changes nothing', async () => {
    const { body } = await call('POST /v1/orgs', good);
    expect(await call('POST /v1/orgs', { ...good, hosts: ['x.okta.com'] })).toMatchObject({ status: 409, body: { title: 'Conflict' } });
    expect(await hookDoor().opens({ authorization: body.secret })).toBe(true);
  });

  it('answers 422 naming each field at fault, 415, 400 and 401 as the other calls do', async () => {
    expect(await call('POST /v1/orgs', { id: 'A', hosts: [], authentication: {}, more: 1 })).toMatchObject({
      status: 422,
      body: {
        errors: expect.arrayContaining([expect.objectContaining({ pointer: '/id' }), expect.objectContaining({ pointer: '/more' })]),
      },
    });
    expect((await call('POST /v1/orgs?x=1', good)).status).toBe(422);
    expect((await call('POST /v1/orgs', good, { 'content-type': 'text/plain' })).status).toBe(415);
    expect((await call('POST /v1/orgs')).status).toBe(400);
    expect((await call('POST /v1/orgs', good, { authorization: 'Bearer no' })).status).toBe(401);
    expect((await call('PUT /v1/orgs', good)).headers).toMatchObject({ allow: 'POST, GET' });
  });

  it('makes an org that a warm environment which did not know it takes a second later', async () => {
    const door = hookDoor();
    expect(await door.opensAtLast({ authorization: 'anything' })).toBe(false);
    const { body } = await call('POST /v1/orgs', good);
    door.wait(1_000);
    expect(await door.opensAtLast({ authorization: body.secret })).toBe(true);
  });
});

describe('POST /v1/orgs/{id}/rotate-secret', () => {
  it('has both secrets open the hook URL, in an environment that is warm too, until the overlap ends', async () => {
    const { body: made } = await call('POST /v1/orgs', good);
    const door = hookDoor();
    expect(await door.opensAtLast({ authorization: made.secret })).toBe(true);
    const { status, body } = await call('POST /v1/orgs/acme/rotate-secret', { overlapSeconds: 3_600 });
    expect(status).toBe(200);
    expect(body.authentication).toEqual([{ kind: 'header', headerName: 'authorization', secrets: 2, previousUntil: expect.any(String) }]);
    door.wait(1_000);
    expect(await door.opensAtLast({ authorization: body.secret })).toBe(true);
    expect(await door.opensAtLast({ authorization: made.secret })).toBe(true);
    door.wait(3_600_000);
    expect(await door.opensAtLast({ authorization: made.secret })).toBe(false);
    expect(await door.opensAtLast({ authorization: body.secret })).toBe(true);
  });

  it('with no overlap ends the old secret within a minute everywhere', async () => {
    const { body: made } = await call('POST /v1/orgs', good);
    const door = hookDoor();
    await door.opens({ authorization: made.secret });
    await call('POST /v1/orgs/acme/rotate-secret', { overlapSeconds: 0 });
    door.wait(60_000);
    expect(await door.opens({ authorization: made.secret })).toBe(false);
  });

  it('answers 409 while another rotation runs, 404 without the org, 422 to what it cannot do', async () => {
    expect((await call('POST /v1/orgs/acme/rotate-secret', {})).status).toBe(404);
    expect((await call('POST /v1/orgs/ACME!/rotate-secret', {})).status).toBe(404);
    await call('POST /v1/orgs', good);
    await call('POST /v1/orgs/acme/rotate-secret', {});
    expect(await call('POST /v1/orgs/acme/rotate-secret', {})).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining('`keep`') },
    });
    expect((await call('POST /v1/orgs/acme/rotate-secret', { keep: 'current' })).status).toBe(200);
    expect((await call('POST /v1/orgs/acme/rotate-secret', { overlapSeconds: 604_801 })).status).toBe(422);
  });
});

describe('PATCH and DELETE /v1/orgs/{id}', () => {
  it('disable an org within a minute, enable it again, and take it out', async () => {
    const { body } = await call('POST /v1/orgs', good);
    const door = hookDoor();
    const secret = { authorization: body.secret };
    expect(await door.opensAtLast(secret)).toBe(true);
    expect(await call('PATCH /v1/orgs/acme', { status: 'disabled' })).toMatchObject({ status: 200, body: { status: 'disabled' } });
    door.wait(60_000);
    expect(await door.opensAtLast(secret)).toBe(false);
    await call('PATCH /v1/orgs/acme', { status: 'active' });
    door.wait(1_000);
    expect(await door.opensAtLast(secret)).toBe(true);
    expect(await call('DELETE /v1/orgs/acme')).toMatchObject({ status: 200, body: { id: 'acme' } });
    expect((await call('DELETE /v1/orgs/acme')).status).toBe(404);
    door.wait(60_000);
    expect(await door.opensAtLast(secret)).toBe(false);
  });

  it('are refused for an org of flags or file, which goes on', async () => {
    await seedOrgs(dynamodb(), { table: 'orgs', orgs: [orgWith(headerScheme('right'))] });
    for (const line of ['DELETE /v1/orgs/acme', 'PATCH /v1/orgs/acme', 'POST /v1/orgs/acme/rotate-secret'] as const)
      expect(await call(line, {})).toMatchObject({ status: 409, body: { detail: expect.stringContaining('local mode') } });
    expect(await hookDoor().opens({ authorization: 'right' })).toBe(true);
    await seedOrgs(dynamodb(), { table: 'orgs', orgs: [] });
  });
});

describe('GET /v1/orgs', () => {
  it('lists by id, page by page', async () => {
    for (const id of ['c', 'a', 'b']) await call('POST /v1/orgs', { ...good, id });
    const first = await call('GET /v1/orgs?limit=2');
    expect(first.body.data.map(({ id }: { id: string }) => id)).toEqual(['a', 'b']);
    const second = await call(`GET /v1/orgs?limit=2&cursor=${encodeURIComponent(first.body.nextCursor)}`);
    expect(second.body).toMatchObject({ data: [{ id: 'c' }], nextCursor: null });
    expect((await call('GET /v1/orgs?cursor=x')).status).toBe(422);
    expect((await call('GET /v1/orgs/nobody')).status).toBe(404);
  });
});

describe('GET /v1/orgs/{id}/hooks', () => {
  it('shows each hook with its standing, before and after they are confirmed', async () => {
    await call('POST /v1/orgs', good);
    const seen = dynamodbSeenHooks({ client: dynamodb(), table: 'senders' });
    const at = new Date('2026-11-21T12:00:00.000Z');
    for (const hook of ['who1', 'who2']) await seen.note({ org: acme, hook, at });
    expect((await call('GET /v1/orgs/acme/hooks')).body).toEqual({
      data: [
        { id: 'who1', standing: 'first', firstSeenAt: at.toISOString() },
        { id: 'who2', standing: 'unconfirmed', firstSeenAt: at.toISOString() },
      ],
    });
    await call('PATCH /v1/orgs/acme', { hooks: { confirmed: ['who2', 'who3'], others: 'quarantine' } });
    expect((await call('GET /v1/orgs/acme/hooks')).body.data).toEqual([
      { id: 'who1', standing: 'unconfirmed', firstSeenAt: at.toISOString() },
      { id: 'who2', standing: 'confirmed', firstSeenAt: at.toISOString() },
      { id: 'who3', standing: 'confirmed', firstSeenAt: null },
    ]);
    await call('DELETE /v1/orgs/acme');
    await call('POST /v1/orgs', good);
    expect((await call('GET /v1/orgs/acme/hooks')).body.data).toEqual([]);
    expect((await call('GET /v1/orgs/nobody/hooks')).status).toBe(404);
  });
});
