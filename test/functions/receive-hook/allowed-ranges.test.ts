import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { provideEnvironment } from '#lib/config/environment.ts';
import { provideChangeLog } from '#lib/config/local-parts.ts';
import { dynamodbClient } from '#lib/dynamodb/client.ts';
import { dynamodbOrgStore } from '#lib/dynamodb/org-store.ts';
import type { HttpResponse } from '#lib/http/response.ts';
import { createLocalKeyFile } from '#lib/sealing/local-key-file.ts';
import { provideLogSink } from '#lib/telemetry/wide-line.ts';
import { localRegion, startAwsEmulators, type AwsEmulators } from '../../../local/aws-emulators.ts';
import { goldenEvent } from '../../fixtures/aws/http-api-events.ts';
import { InMemoryChangeLog } from '../../lib/intake/in-memory-ports.ts';
import { headerScheme, orgWith } from '../../lib/okta/authenticity-fixtures.ts';

const log = new InMemoryChangeLog();
const lines: string[] = [];
const folder = mkdtempSync(join(tmpdir(), 'allowed-ranges-'));
let aws: AwsEmulators;
let handler: (event: APIGatewayProxyEventV2, context: Context) => Promise<HttpResponse>;

beforeAll(async () => {
  aws = await startAwsEmulators();
  createLocalKeyFile(join(folder, 'key'));
  const dynamodb = dynamodbClient({ region: localRegion, endpoint: aws.dynamodbUrl });
  await dynamodbOrgStore({ client: dynamodb, table: 'orgs' }).put(orgWith(headerScheme('right')));
  const ranges = { ALLOWED_HOOK_RANGES: '192.0.2.0/24, 2001:db8::/32' };
  provideEnvironment({ ...aws.environment, ...ranges, CHANGE_LOG: 'embedded', SECRETS_KEY_FILE: join(folder, 'key') });
  provideChangeLog(log);
  provideLogSink((line) => lines.push(line));
  ({ handler } = await import('../../../functions/receive-hook/handler.ts'));
});
afterAll(async () => {
  await aws.stop();
  rmSync(folder, { recursive: true });
});

function post(sourceIp: string, headers: Record<string, string>): Promise<HttpResponse> {
  const golden = goldenEvent('events-post');
  const http = { ...golden.requestContext.http, sourceIp };
  const event = { ...golden, headers, requestContext: { ...golden.requestContext, http, timeEpoch: Date.now() } };
  // The chain reads these two of a Lambda context.
  return handler(event, { awsRequestId: 'aws-1', getRemainingTimeInMillis: () => 5_000 } as unknown as Context);
}
const refused = { statusCode: 401, headers: {}, body: '' };

it('lets in who calls from a range that is allowed', async () => {
  expect((await post('192.0.2.200', { authorization: 'right' })).statusCode).toBe(200);
  expect((await post('2001:db8::1', { authorization: 'right' })).statusCode).toBe(200);
  expect(await post('192.0.2.200', { authorization: 'wrong' })).toEqual(refused);
});

it('answers who calls from elsewhere as it answers a wrong secret, whatever address a header claims', async () => {
  log.records.length = 0;
  lines.length = 0;
  const claims = { authorization: 'right', 'x-forwarded-for': '192.0.2.200', forwarded: 'for=192.0.2.200', 'x-real-ip': '192.0.2.200' };
  expect(await post('198.51.100.1', claims)).toEqual(refused);
  expect(log.records).toEqual([]);
  expect(JSON.parse(lines[0] ?? '{}')).toMatchObject({ level: 'warn', outcome: 'refused', reasons: ['address-not-allowed'] });
});
