import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { provideEnvironment } from '#lib/config/environment.ts';
import type { DeliveryMessage } from '#lib/delivery/delivery.ts';
import { dynamodbClient } from '#lib/dynamodb/client.ts';
import { dynamodbQuarantineIndex } from '#lib/dynamodb/quarantine-index.ts';
import { dynamodbSubscriptionStore } from '#lib/dynamodb/subscription-store.ts';
import { sqsClient } from '#lib/sqs/client.ts';
import { queueReceiver } from '#lib/sqs/queue-receiver.ts';
import { provideLogSink } from '#lib/telemetry/wide-line.ts';
import { startAwsEmulators, type AwsEmulators } from '../../../local/aws-emulators.ts';
import { invoke, type LambdaHandler } from '../../../local/lambda.ts';
import { startAwsFaultProxy, type AwsFaultProxy, type BatchEntry } from '../../support/aws-fault-proxy.ts';
import { subscriptionNamed } from '../../support/deliveries.ts';

interface MskEvent {
  readonly records: Record<string, object[]>;
}
const golden = (name: string) => JSON.parse(readFileSync(new URL(`../../fixtures/aws/${name}.json`, import.meta.url), 'utf8')) as MskEvent;
const region = 'us-east-1';
const uuid = (n: number) => `2d050e48-fc0a-41ea-bbf6-${String(n).padStart(12, '0')}`;
const payroll = subscriptionNamed('payroll');
const removals = subscriptionNamed('removals', { types: ['identity.user.deactivated'], filter: 'user.userName ew "@example.com"' });

let aws: AwsEmulators;
let proxy: AwsFaultProxy;
let handler: LambdaHandler;
let lines: Record<string, unknown>[] = [];
let allLines = '';
let receiver: ReturnType<typeof queueReceiver>;
let quarantine: ReturnType<typeof dynamodbQuarantineIndex>;

beforeAll(async () => {
  aws = await startAwsEmulators();
  proxy = await startAwsFaultProxy(aws.sqsUrl);
  const dynamodb = dynamodbClient({ region, endpoint: aws.dynamodbUrl });
  const store = dynamodbSubscriptionStore({ client: dynamodb, table: 'subscriptions' });
  for (const subscription of [payroll, removals, subscriptionNamed('gone', { status: 'disabled' })]) await store.create(subscription);
  quarantine = dynamodbQuarantineIndex({ client: dynamodb, table: 'quarantine', now: () => new Date() });
  receiver = queueReceiver(sqsClient({ region, endpoint: aws.sqsUrl }), {
    queueUrl: aws.deliveriesQueueUrl,
    queueArn: 'arn:aws:sqs:us-east-1:000000000000:deliveries.fifo',
    region,
  });

  provideEnvironment({ ...aws.environment, AWS_ENDPOINT_URL_SQS: proxy.url });
  provideLogSink((line) => {
    allLines += line;
    lines.push(JSON.parse(line) as Record<string, unknown>);
  });
  ({ handler } = await import('../../../functions/fan-out/handler.ts'));
});
afterAll(async () => {
  await proxy.stop();
  await aws.stop();
});
beforeEach(() => {
  lines = [];
  proxy.inject(() => undefined);
});

async function drained(): Promise<DeliveryMessage[]> {
  const messages: DeliveryMessage[] = [];
  for (;;) {
    const records = await receiver.receive({ maxMessages: 10, waitSeconds: 0, signal: new AbortController().signal });
    if (records.length === 0) return messages;
    messages.push(...records.map(({ body }) => JSON.parse(body) as DeliveryMessage));
    await receiver.remove(records.map(({ receiptHandle }) => receiptHandle));
  }
}
const idsFor = (subscription: string, messages: readonly DeliveryMessage[]) =>
  messages.filter((message) => message.subscription === subscription).map(({ change }) => change.id);

/** The golden event with uuids of its own: SQS remembers what it took for five minutes. */
function renumbered(event: MskEvent, from: number): MskEvent {
  let next = from;
  const records = Object.entries(event.records).map(([partition, list]) => [
    partition,
    list.map((record) => {
      const value = 'value' in record && typeof record.value === 'string' ? Buffer.from(record.value, 'base64').toString() : '';
      return { ...record, value: Buffer.from(value.replace(/"2d050e48-[^"]+"/, () => JSON.stringify(uuid(next++)))).toString('base64') };
    }),
  ]);
  return { ...event, records: Object.fromEntries(records) as MskEvent['records'] };
}

describe('fan-out', () => {
  it('turns an event of two partitions into deliveries, in order, and answers that nothing failed', async () => {
    expect(await invoke('fan-out', handler, golden('msk-two-partitions'))).toEqual({ batchItemFailures: [] });

    const messages = await drained();
    const toPayroll = messages.filter(({ subscription }) => subscription === payroll.id).map(({ change }) => change.id);
    expect(toPayroll.filter((id) => id < uuid(3))).toEqual([uuid(1), uuid(2)]);
    expect(toPayroll.filter((id) => id >= uuid(3))).toEqual([uuid(3), uuid(4)]);
    expect(idsFor(removals.id, messages).toSorted()).toEqual([uuid(2), uuid(3)]);
    expect(messages).toHaveLength(6);
    expect(messages.find(({ change }) => change.id === uuid(3))).toMatchObject({
      org: 'acme',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      change: { sequence: '1795265922340-0000000000000000005', data: { user: { displayName: 'Bén Osei 🫠' } } },
    });
    expect(lines).toMatchObject([
      {
        level: 'info',
        function: 'fan-out',
        outcome: 'done',
        traces: ['0af7651916cd43dd8448eb211c80319c'],
        records: 4,
        partitions: 2,
        failedPartitions: 0,
        deliveries: 6,
        quarantined: 0,
      },
    ]);
  });

  it('sends nothing twice when Lambda brings the same event again', async () => {
    expect(await invoke('fan-out', handler, golden('msk-two-partitions'))).toEqual({ batchItemFailures: [] });

    expect(await drained()).toEqual([]);
  });

  it('puts what it cannot read into quarantine and moves on', async () => {
    expect(await invoke('fan-out', handler, golden('msk-unreadable-records'))).toEqual({ batchItemFailures: [] });

    expect(idsFor(payroll.id, await drained())).toEqual([uuid(5)]);
    const page = await quarantine.list({ limit: 10 });
    const rows = 'data' in page ? page.data : [];
    expect(rows.map(({ org, reason, size }) => ({ org, reason, size })).toSorted((a, b) => b.size - a.size)).toEqual([
      { org: 'acme', reason: 'record-unreadable', size: 21 },
      { org: 'unknown', reason: 'record-unreadable', size: 3 },
      { org: 'acme', reason: 'record-unreadable', size: 0 },
    ]);
    expect(lines).toMatchObject([{ level: 'warn', outcome: 'done', quarantined: 3, deliveries: 2 }]);
  });

  it('names only the partition that failed, with its first offset that is not done', async () => {
    const event = renumbered(golden('msk-two-partitions'), 101);
    proxy.inject(() => ({
      kind: 'entries',
      fails: (entry: BatchEntry) => (entry.MessageBody.includes(uuid(102)) ? { Code: 'InternalError', SenderFault: false } : undefined),
    }));

    expect(await invoke('fan-out', handler, event)).toEqual({
      batchItemFailures: [{ itemIdentifier: { partition: 'identity.changes.v1-0', offset: 101 } }],
    });

    expect(idsFor(payroll.id, await drained()).toSorted()).toEqual([uuid(101), uuid(103), uuid(104)]);
    expect(lines).toMatchObject([
      { level: 'error', outcome: 'partial', failedPartitions: 1, errors: [{ code: 'DELIVERY_QUEUE_UNAVAILABLE' }] },
    ]);
  });

  it('answers every partition with its first offset when the queue is away, and logs why', async () => {
    proxy.inject(() => ({ kind: 'error', name: 'AccessDeniedException', status: 403 }));

    expect(await invoke('fan-out', handler, renumbered(golden('msk-two-partitions'), 201))).toEqual({
      batchItemFailures: [
        { itemIdentifier: { partition: 'identity.changes.v1-0', offset: 100 } },
        { itemIdentifier: { partition: 'identity.changes.v1-7', offset: 5 } },
      ],
    });
    expect(JSON.stringify(lines)).toContain('"vendorError":"AccessDeniedException"');
  });

  it('fails as a whole on an event that is none of MSK', async () => {
    await expect(invoke('fan-out', handler, { Records: [] })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });

    expect(lines).toMatchObject([{ level: 'error', errors: [{ code: 'CONFIG_INVALID' }] }]);
  });

  it('writes no name, address or body to its log', () => {
    expect(allLines.match(/"function":"fan-out"/g)).toHaveLength(6);
    expect(allLines).not.toMatch(/@example\.com|Ana Ito|Osei|00uana|2d050e48/);
  });
});
