import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { dynamodbClient } from '#lib/dynamodb/client.ts';
import { dynamodbOrgStore } from '#lib/dynamodb/org-store.ts';
import type { HttpResponse } from '#lib/http/response.ts';
import { readSpoolMessage } from '#lib/intake/spool-message.ts';
import { orgSchema } from '#lib/okta/org.ts';
import { digestOf } from '#lib/okta/secret-digest.ts';
import { createLocalKeyFile } from '#lib/sealing/local-key-file.ts';
import { sqsClient } from '#lib/sqs/client.ts';
import { queueReceiver } from '#lib/sqs/queue-receiver.ts';
import { localRegion, startAwsEmulators, type AwsEmulators } from '../../../local/aws-emulators.ts';
import { goldenEvent } from '../../fixtures/aws/http-api-events.ts';
import { hookBody, oktaEvent } from '../../lib/intake/events.ts';
import { idsOf } from '../../lib/intake/spool-records.ts';
import { startSilence } from '../../lib/sqs/change-spool-queue.ts';
import { freePort } from '../../support/relay-process.ts';

/** The contract with Okta (docs/architecture.md): an answer within 2.4 s of the request's own time. */
const answerMs = 2_400;

type Handler = (event: APIGatewayProxyEventV2, context: Context) => Promise<HttpResponse>;
const folder = mkdtempSync(join(tmpdir(), 'dead-log-'));
const keyFile = join(folder, 'key');
let aws: AwsEmulators;
let silence: Awaited<ReturnType<typeof startSilence>>;
let closedPort: number;
let lines: Record<string, unknown>[] = [];

beforeAll(async () => {
  aws = await startAwsEmulators();
  silence = await startSilence();
  closedPort = await freePort();
  createLocalKeyFile(keyFile);
  const org = orgSchema.parse({
    id: 'acme',
    hosts: ['acme.okta.com'],
    authentication: [{ kind: 'header', headerName: 'authorization', digests: [digestOf('acme hook secret')] }],
  });
  await dynamodbOrgStore({ client: dynamodbClient({ region: localRegion, endpoint: aws.dynamodbUrl }), table: 'orgs' }).put(org);
});
afterAll(async () => {
  silence.stop();
  await aws.stop();
  rmSync(folder, { recursive: true });
});

/** A fresh environment, as Lambda starts one: nothing is known of earlier failures. */
async function coldStart(settings: Record<string, string>): Promise<Handler> {
  vi.resetModules();
  lines = [];
  const { provideEnvironment } = await import('#lib/config/environment.ts');
  const { provideLogSink } = await import('#lib/telemetry/wide-line.ts');
  provideEnvironment({ ...aws.environment, CHANGE_LOG: 'kafka', KAFKA_AUTH: 'none', SECRETS_KEY_FILE: keyFile, ...settings });
  provideLogSink((line) => void lines.push(JSON.parse(line) as Record<string, unknown>));
  return ((await import('../../../functions/receive-hook/handler.ts')) as unknown as { handler: Handler }).handler;
}

const broker = (kind: 'refuses' | 'hangs') => ({ KAFKA_BROKERS: `127.0.0.1:${kind === 'hangs' ? silence.port : closedPort}` });
const spool = (kind: 'refuses' | 'hangs') => ({ AWS_ENDPOINT_URL_SQS: kind === 'hangs' ? silence.url : `http://127.0.0.1:${closedPort}` });

async function send(handler: Handler, ...ids: readonly string[]): Promise<{ statusCode: number; tookMs: number }> {
  const golden = goldenEvent('events-post');
  const timeEpoch = Date.now();
  const body = hookBody(ids.map((id) => oktaEvent(id)));
  const event = { ...golden, body, requestContext: { ...golden.requestContext, timeEpoch } };
  // The chain reads these two of a Lambda context.
  const context = { awsRequestId: 'aws-1', getRemainingTimeInMillis: () => 3_000 } as unknown as Context;
  const { statusCode } = await handler(event, context);
  return { statusCode, tookMs: Date.now() - timeEpoch };
}

/** A store beside that took too long on a busy machine has an error of its own on the line. */
const codesIn = (line: Record<string, unknown> | undefined) => ((line?.['errors'] ?? []) as { code: string }[]).map(({ code }) => code);

/**
 * A fresh environment that has answered 200 to changes of these names. On a busy machine all the time may be over before the spool has them: then another is
 * asked, with changes of its own. What is wrong every time is handed back as it is.
 */
async function takenBy(settings: Record<string, string>, ...names: readonly string[]) {
  for (let turn = 1; ; turn += 1) {
    const handler = await coldStart(settings);
    const ids = names.map((name) => `${name}-${turn}`);
    const answer = await send(handler, ...ids);
    if (answer.statusCode === 200 || turn === 4) return { handler, ids, ...answer };
  }
}

/** Which of these are in the spool; whatever else is there leaves it too. */
const spooled = async (...ids: readonly string[]) => (await spooledIds()).filter((id) => ids.includes(id));

async function spooledIds(): Promise<string[]> {
  const client = sqsClient({ region: localRegion, endpoint: aws.sqsUrl });
  const receiver = queueReceiver(client, { queueUrl: aws.changeSpoolQueueUrl, queueArn: '', region: localRegion });
  const ids: string[] = [];
  for (;;) {
    const records = await receiver.receive({ maxMessages: 10, waitSeconds: 0, signal: new AbortController().signal });
    if (records.length === 0) return ids;
    await receiver.remove(records.map(({ receiptHandle }) => receiptHandle));
    ids.push(...records.flatMap(({ body }) => idsIn(body)));
  }
}

function idsIn(body: string): string[] {
  const read = readSpoolMessage(body);
  return read.kind === 'readable' ? idsOf(read.records) : [];
}

describe('receive-hook with a broker that is away', () => {
  it.each(['refuses', 'hangs'] as const)('answers 200 in time, and the changes are in the spool, when it %s', async (kind) => {
    const { statusCode, tookMs, ids } = await takenBy(broker(kind), `${kind}-ana`, `${kind}-ben`);

    expect(statusCode).toBe(200);
    expect(tookMs).toBeLessThan(answerMs);
    expect(await spooled(...ids)).toEqual(ids);
    expect(lines).toMatchObject([{ level: 'error', outcome: 'accepted', spooled: 2 }]);
    expect(codesIn(lines[0])).toContain('CHANGE_LOG_UNAVAILABLE');
  });

  it('does not ask it again with the next request', async () => {
    const { handler, ids } = await takenBy(broker('hangs'), 'first');
    const connections = silence.connections();

    const { statusCode, tookMs } = await send(handler, 'second');

    expect(statusCode).toBe(200);
    expect(tookMs).toBeLessThan(answerMs);
    expect(silence.connections()).toBe(connections);
    expect(await spooled(...ids, 'second')).toEqual([...ids, 'second']);
    expect(lines[1]).toMatchObject({ level: 'warn', outcome: 'accepted', spooled: 1 });
  });

  it.each([
    ['refuses', 'refuses'],
    ['refuses', 'hangs'],
    ['hangs', 'refuses'],
    ['hangs', 'hangs'],
  ] as const)('asks to be sent again in time when it %s and the spool %s', async (log, queue) => {
    const handler = await coldStart({ ...broker(log), ...spool(queue) });

    const { statusCode, tookMs } = await send(handler, 'nowhere');

    expect(statusCode).toBe(503);
    expect(tookMs).toBeLessThan(answerMs);
    expect(lines).toMatchObject([{ level: 'error', outcome: 'unavailable', errors: [{ code: 'CHANGE_SPOOL_UNAVAILABLE' }] }]);
  });

  it('has the retried request succeed once the spool is back', async () => {
    const handler = await coldStart({ ...broker('refuses'), ...spool('refuses') });
    expect((await send(handler, 'again-1')).statusCode).toBe(503);
    const { statusCode, ids } = await takenBy(broker('refuses'), 'again');
    expect(statusCode).toBe(200);
    expect(await spooled(...ids)).toEqual(ids);
  });
});
