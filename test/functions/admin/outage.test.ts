import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { provideEnvironment } from '#lib/config/environment.ts';
import type { HttpResponse } from '#lib/http/response.ts';
import { createLocalKeyFile } from '#lib/sealing/local-key-file.ts';
import { provideLogSink } from '#lib/telemetry/wide-line.ts';
import { adminEvent } from './admin-event.ts';

const iamUserArn = 'arn:aws:iam::123456789012:user/ana';
const folder = mkdtempSync(join(tmpdir(), 'admin-outage-'));
const lines: string[] = [];
let handler: (event: APIGatewayProxyEventV2, context: Context) => Promise<HttpResponse>;

// IAM instead of a token, and a DynamoDB that nobody listens for.
beforeAll(async () => {
  createLocalKeyFile(join(folder, 'key'));
  provideEnvironment({
    AWS_REGION: 'us-east-1',
    AWS_ENDPOINT_URL_DYNAMODB: 'http://127.0.0.1:1',
    ORGS_TABLE: 'orgs',
    SENDERS_TABLE: 'senders',
    SUBSCRIPTIONS_TABLE: 'subscriptions',
    DELIVERIES_TABLE: 'deliveries',
    LANES_TABLE: 'lanes',
    DELIVERIES_QUEUE_URL: 'http://127.0.0.1:1/000000000000/deliveries.fifo',
    REPLAY_DELIVERIES_QUEUE_URL: 'http://127.0.0.1:1/000000000000/replay-deliveries.fifo',
    QUARANTINE_TABLE: 'quarantine',
    REPLAYS_TABLE: 'replays',
    REPLAYS_QUEUE_URL: 'http://127.0.0.1:1/000000000000/replays.fifo',
    SECRETS_KEY_FILE: join(folder, 'key'),
    ADMIN_AUTH: 'iam',
  });
  provideLogSink((line) => lines.push(line));
  ({ handler } = await import('../../../functions/admin/handler.ts'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const call = (...input: Parameters<typeof adminEvent>) =>
  handler(adminEvent(...input), { awsRequestId: 'req-1', getRemainingTimeInMillis: () => 10_000 } as Context);

describe('the admin API behind the IAM authorizer', () => {
  it('lets a caller through whom the authorizer names', async () => {
    expect((await call('GET /v1/nowhere', { iamUserArn })).statusCode).toBe(404);
  });

  it.each([
    ['no authorizer', {}],
    ['an empty name', { iamUserArn: '' }],
    ['a bearer token', { headers: { authorization: 'Bearer a-token-of-sixteen' } }],
    ['headers that look like an authorizer', { headers: { 'x-amzn-iam-user-arn': iamUserArn } }],
  ])('answers 401 with %s', async (_, input) => {
    const { statusCode, headers } = await call('GET /v1/nowhere', input);
    expect(statusCode).toBe(401);
    expect(headers).toMatchObject({ 'www-authenticate': 'AWS4-HMAC-SHA256' });
  });
});

describe('the admin API while DynamoDB is away', () => {
  it.each([
    'GET /v1/subscriptions',
    'GET /v1/subscriptions/sub_00000000000000000000000000',
    'DELETE /v1/subscriptions/sub_00000000000000000000000000',
    'POST /v1/subscriptions/sub_00000000000000000000000000/pause',
    'POST /v1/subscriptions/sub_00000000000000000000000000/resume',
    'POST /v1/subscriptions/sub_00000000000000000000000000/test',
    'GET /v1/deliveries',
    'GET /v1/deliveries/dlv_00000000000000000000000000000000',
    'POST /v1/deliveries/dlv_00000000000000000000000000000000/redeliver',
    'GET /v1/quarantine',
    'GET /v1/replays',
    'GET /v1/replays/rpl_00000000000000000000000000',
    'GET /v1/orgs',
    'GET /v1/orgs/acme',
    'GET /v1/orgs/acme/hooks',
    'DELETE /v1/orgs/acme',
  ] as const)('answers 503 to %s, and says why only in the log', async (line) => {
    lines.splice(0);
    const { statusCode, headers, body } = await call(line, { iamUserArn });
    expect(statusCode).toBe(503);
    expect(headers).toMatchObject({ 'content-type': 'application/problem+json', 'retry-after': '5', 'cache-control': 'no-store' });
    expect(JSON.parse(body)).toEqual({ title: 'Service Unavailable', status: 503 });
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      level: 'error',
      httpStatus: 503,
      errors: [{ code: expect.stringMatching(/_UNAVAILABLE$/) }],
    });
  });

  it('answers 503 to a good new subscription, and 422 to a bad one all the same', async () => {
    const headers = { 'content-type': 'application/json' };
    const good = { name: 'x', url: 'https://hooks.example.com/', types: ['*'] };
    expect((await call('POST /v1/subscriptions', { iamUserArn, headers, body: JSON.stringify(good) })).statusCode).toBe(503);
    expect((await call('POST /v1/subscriptions', { iamUserArn, headers, body: '{}' })).statusCode).toBe(422);
  });

  it('answers 500 in problem details to an event that is none, without its message', async () => {
    const { statusCode, body } = await handler(
      {} as APIGatewayProxyEventV2,
      { awsRequestId: 'req-1', getRemainingTimeInMillis: () => 10_000 } as Context,
    );
    expect(statusCode).toBe(500);
    expect(JSON.parse(body)).toEqual({ title: 'Internal Server Error', status: 500 });
  });
});
