import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { DeliveryMessage } from '#lib/delivery/delivery.ts';
import { dynamodbClient } from '#lib/dynamodb/client.ts';
import { dynamodbQuarantineIndex } from '#lib/dynamodb/quarantine-index.ts';
import { localRegion } from '../../../local/aws-emulators.ts';
import { invoke } from '../../../local/lambda.ts';
import type { BatchEntry } from '../../support/aws-fault-proxy.ts';
import { subscriptionNamed } from '../../support/deliveries.ts';
import { startFanOut, type FanOutStage } from './fan-out-stage.ts';

interface MskEvent {
  readonly records: Record<string, object[]>;
}
const golden = (name: string) => JSON.parse(readFileSync(new URL(`../../fixtures/aws/${name}.json`, import.meta.url), 'utf8')) as MskEvent;
const uuid = (n: number) => `2d050e48-fc0a-41ea-bbf6-${String(n).padStart(12, '0')}`;
const payroll = subscriptionNamed('payroll');
const removals = subscriptionNamed('removals', { types: ['identity.user.deactivated'], filter: 'user.userName ew "@example.com"' });

let stage: FanOutStage;
let lines: Record<string, unknown>[] = [];
let allLines = '';
let quarantine: ReturnType<typeof dynamodbQuarantineIndex>;

beforeAll(async () => {
  stage = await startFanOut({
    subscriptions: [payroll, removals, subscriptionNamed('gone', { status: 'disabled' })],
    onLine(line) {
      allLines += line;
      lines.push(JSON.parse(line) as Record<string, unknown>);
    },
  });
  const client = dynamodbClient({ region: localRegion, endpoint: stage.aws.dynamodbUrl });
  quarantine = dynamodbQuarantineIndex({ client, table: 'quarantine', now: () => new Date() });
});
afterAll(() => stage.stop());
beforeEach(() => {
  lines = [];
  stage.proxy.inject(() => undefined);
});

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
    expect(await invoke('fan-out', stage.handler, golden('msk-two-partitions'))).toEqual({ batchItemFailures: [] });

    const messages = await stage.drained();
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
    expect(await invoke('fan-out', stage.handler, golden('msk-two-partitions'))).toEqual({ batchItemFailures: [] });

    expect(await stage.drained()).toEqual([]);
  });

  it('puts what it cannot read into quarantine and moves on', async () => {
    expect(await invoke('fan-out', stage.handler, golden('msk-unreadable-records'))).toEqual({ batchItemFailures: [] });

    expect(idsFor(payroll.id, await stage.drained())).toEqual([uuid(5)]);
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
    stage.proxy.inject(() => ({
      kind: 'entries',
      fails: (entry: BatchEntry) => (entry.MessageBody.includes(uuid(102)) ? { Code: 'InternalError', SenderFault: false } : undefined),
    }));

    expect(await invoke('fan-out', stage.handler, event)).toEqual({
      batchItemFailures: [{ itemIdentifier: { partition: 'identity.changes.v1-0', offset: 101 } }],
    });

    expect(idsFor(payroll.id, await stage.drained()).toSorted()).toEqual([uuid(101), uuid(103), uuid(104)]);
    expect(lines).toMatchObject([
      { level: 'error', outcome: 'partial', failedPartitions: 1, errors: [{ code: 'DELIVERY_QUEUE_UNAVAILABLE' }] },
    ]);
  });

  it('answers every partition with its first offset when the queue is away, and logs why', async () => {
    stage.proxy.inject(() => ({ kind: 'error', name: 'AccessDeniedException', status: 403 }));

    expect(await invoke('fan-out', stage.handler, renumbered(golden('msk-two-partitions'), 201))).toEqual({
      batchItemFailures: [
        { itemIdentifier: { partition: 'identity.changes.v1-0', offset: 100 } },
        { itemIdentifier: { partition: 'identity.changes.v1-7', offset: 5 } },
      ],
    });
    expect(JSON.stringify(lines)).toContain('"vendorError":"AccessDeniedException"');
  });

  it('fails as a whole on an event that is none of MSK', async () => {
    await expect(invoke('fan-out', stage.handler, { Records: [] })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });

    expect(lines).toMatchObject([{ level: 'error', errors: [{ code: 'CONFIG_INVALID' }] }]);
  });

  it('writes no name, address or body to its log', () => {
    expect(allLines.match(/"function":"fan-out"/g)).toHaveLength(6);
    expect(allLines).not.toMatch(/@example\.com|Ana Ito|Osei|00uana|2d050e48/);
  });
});
