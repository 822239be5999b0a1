import type { SQSRecord } from 'aws-lambda';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { provideEnvironment } from '#lib/config/environment.ts';
import { provideChangeLog } from '#lib/config/local-parts.ts';
import { dynamodbClient } from '#lib/dynamodb/client.ts';
import { dynamodbQuarantineIndex } from '#lib/dynamodb/quarantine-index.ts';
import { sqsChangeSpool } from '#lib/sqs/change-spool.ts';
import { sqsClient } from '#lib/sqs/client.ts';
import { queueReceiver, type QueueReceiver } from '#lib/sqs/queue-receiver.ts';
import { provideLogSink } from '#lib/telemetry/wide-line.ts';
import { localRegion, startAwsEmulators, type AwsEmulators } from '../../../local/aws-emulators.ts';
import { invoke, type LambdaHandler } from '../../../local/lambda.ts';
import { InMemoryChangeLog } from '../../lib/intake/in-memory-ports.ts';
import { byKey, recordOf } from '../../lib/intake/spool-records.ts';
import { startAwsFaultProxy, type AwsFaultProxy } from '../../support/aws-fault-proxy.ts';

const log = new InMemoryChangeLog();
let aws: AwsEmulators;
let proxy: AwsFaultProxy;
let receiver: QueueReceiver;
let handler: LambdaHandler;
let lines: Record<string, unknown>[] = [];
let allLines = '';

beforeAll(async () => {
  aws = await startAwsEmulators();
  proxy = await startAwsFaultProxy(aws.sqsUrl);
  const client = sqsClient({ region: localRegion, endpoint: aws.sqsUrl });
  receiver = queueReceiver(client, {
    queueUrl: aws.changeSpoolQueueUrl,
    queueArn: 'arn:aws:sqs:us-east-1:000000000000:change-spool.fifo',
    region: localRegion,
  });
  provideEnvironment({ ...aws.environment, CHANGE_LOG: 'embedded', AWS_ENDPOINT_URL_SQS: proxy.url });
  provideChangeLog(log);
  provideLogSink((line) => {
    allLines += line;
    lines.push(JSON.parse(line) as Record<string, unknown>);
  });
  ({ handler } = (await import('../../../functions/respool/handler.ts')) as unknown as { handler: LambdaHandler });
});
afterAll(async () => {
  await proxy.stop();
  await aws.stop();
});
beforeEach(() => {
  log.health = 'working';
  log.records.length = 0;
  lines = [];
});

const spool = (...records: readonly ReturnType<typeof recordOf>[]) =>
  sqsChangeSpool({
    client: sqsClient({ region: localRegion, endpoint: aws.sqsUrl }),
    queueUrl: aws.changeSpoolQueueUrl,
    now: () => new Date(),
  }).put(records, { budgetMs: 10_000 });
const receive = () => receiver.receive({ maxMessages: 10, waitSeconds: 0, signal: new AbortController().signal });
const respool = (Records: readonly SQSRecord[]) => invoke('respool', handler, { Records });
/** The emulator hands out one message of a group at a time, so it takes more than one batch. */
async function takeAndRespool(): Promise<unknown> {
  const records = await receive();
  const answer = await respool(records);
  await receiver.remove(records.map(({ receiptHandle }) => receiptHandle));
  return answer;
}
const waitsAsked = () =>
  proxy.calls.filter(({ operation }) => operation === 'ChangeMessageVisibility').map(({ input }) => input['VisibilityTimeout']);

describe('respool', () => {
  it('puts spooled changes on the log, as they were, and answers that nothing failed', async () => {
    const records = [recordOf('ana', '1', { name: 'Ana Ito' }), recordOf('ben', '2'), recordOf('ana', '3')];
    await spool(...records.slice(0, 2));
    await spool(...records.slice(2));

    const batches = [await takeAndRespool(), await takeAndRespool(), await takeAndRespool()];

    expect(batches).toEqual([{ batchItemFailures: [] }, { batchItemFailures: [] }, { batchItemFailures: [] }]);
    expect(byKey(log.records)).toEqual({ 'acme:ana': ['1', '3'], 'acme:ben': ['2'] });
    expect(log.records.find(({ headers }) => headers['ce_id'] === '1')).toEqual(records[0]);
    expect(lines).toMatchObject([
      { level: 'info', function: 'respool', outcome: 'done', records: 2, retried: 0, quarantined: 0 },
      { records: 1 },
      { records: 0 },
    ]);
  });

  it('names the traces of what it was given in its line, where they are traces', async () => {
    const record = recordOf('eve', '21');
    const traced = { ...record, headers: { ...record.headers, traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' } };
    await spool(traced, recordOf('finn', '22'));

    await takeAndRespool();

    expect(lines).toMatchObject([{ records: 2, traces: ['4bf92f3577b34da6a3ce929d0e0e4736'] }]);
    expect(allLines).not.toContain('00-trace-01');
  });

  it('names every message while the log is away, and has SQS show them again after ten seconds', async () => {
    await spool(recordOf('cem', '4'), recordOf('dana', '5'));
    log.health = 'unreachable';
    const received = await receive();

    expect(await respool(received)).toEqual({ batchItemFailures: received.map(({ messageId }) => ({ itemIdentifier: messageId })) });

    expect(received).toHaveLength(2);
    expect(waitsAsked()).toEqual([10, 10]);
    expect(lines).toMatchObject([
      { level: 'error', outcome: 'partial', records: 0, retried: 2, errors: [{ code: 'CHANGE_LOG_UNAVAILABLE' }] },
    ]);
  });

  it('puts what it cannot read into quarantine and lets it be deleted', async () => {
    await spool(recordOf('eli', '6'));
    const [record] = await receive();
    const foreign: SQSRecord = { ...record!, messageId: 'foreign', body: '{"hello":"Ana Ito"}' };

    expect(await respool([foreign, record!])).toEqual({ batchItemFailures: [] });

    expect(byKey(log.records)).toEqual({ 'acme:eli': ['6'] });
    const index = dynamodbQuarantineIndex({
      client: dynamodbClient({ region: localRegion, endpoint: aws.dynamodbUrl }),
      table: 'quarantine',
      now: () => new Date(),
    });
    expect(await index.list({ limit: 10 })).toMatchObject({ data: [{ org: 'unknown', reason: 'spool-unreadable', size: 19 }] });
    expect(lines).toMatchObject([{ level: 'warn', outcome: 'done', records: 1, quarantined: 1 }]);
  });

  it('fails as a whole on an event that is none of SQS', async () => {
    await expect(invoke('respool', handler, {})).rejects.toMatchObject({ name: 'TypeError' });
    expect(lines).toMatchObject([{ level: 'error', errors: [{ code: 'UNKNOWN', kind: 'TypeError' }] }]);
  });

  it('writes no name, key or body to its log', () => {
    expect(allLines.match(/"function":"respool"/g)).toHaveLength(7);
    expect(allLines).not.toMatch(/Ana Ito|acme:|deactivated/);
  });
});
