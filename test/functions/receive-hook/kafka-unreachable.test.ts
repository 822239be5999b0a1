import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Context } from 'aws-lambda';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { provideEnvironment } from '#lib/config/environment.ts';
import { dynamodbClient } from '#lib/dynamodb/client.ts';
import { dynamodbOrgStore } from '#lib/dynamodb/org-store.ts';
import { createLocalKeyFile } from '#lib/sealing/local-key-file.ts';
import { provideLogSink } from '#lib/telemetry/wide-line.ts';
import { localRegion, startAwsEmulators, type AwsEmulators } from '../../../local/aws-emulators.ts';
import { goldenEvent } from '../../fixtures/aws/http-api-events.ts';
import { headerScheme, orgWith } from '../../lib/okta/authenticity-fixtures.ts';

const folder = mkdtempSync(join(tmpdir(), 'receive-hook-'));
const lines: string[] = [];
let aws: AwsEmulators;

beforeAll(async () => {
  aws = await startAwsEmulators();
  const keyFile = join(folder, 'key');
  createLocalKeyFile(keyFile);
  const orgs = dynamodbOrgStore({ client: dynamodbClient({ region: localRegion, endpoint: aws.dynamodbUrl }), table: 'orgs' });
  await orgs.put(orgWith(headerScheme('acme hook secret')));
  // Port 9 (discard) has no listener.
  provideEnvironment({ ...aws.environment, KAFKA_BROKERS: '127.0.0.1:9', KAFKA_AUTH: 'none', SECRETS_KEY_FILE: keyFile });
  provideLogSink((line) => lines.push(line));
});
afterAll(async () => {
  await aws.stop();
  rmSync(folder, { recursive: true });
});

it('starts without Kafka, and asks Okta to send again in time', async () => {
  const { handler } = await import('../../../functions/receive-hook/handler.ts');
  const event = goldenEvent('events-post');
  const sentAtMs = Date.now();
  event.requestContext.timeEpoch = sentAtMs;
  // The chain reads nothing else of a Lambda context.
  const context = { awsRequestId: 'aws-1', getRemainingTimeInMillis: () => 3_000 } as unknown as Context;
  expect(await handler(event, context)).toEqual({ statusCode: 503, headers: {}, body: '' });
  expect(Date.now() - sentAtMs).toBeLessThan(3_000);
  expect(JSON.parse(lines[0] ?? '{}')).toMatchObject({ outcome: 'unavailable', errors: [{ code: 'CHANGE_LOG_UNAVAILABLE' }] });
});
