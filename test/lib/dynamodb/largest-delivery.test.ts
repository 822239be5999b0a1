import { randomUUID } from 'node:crypto';
import { afterAll, describe, expect, it } from 'vitest';
import type { DeliveryMessage } from '#lib/delivery/delivery.ts';
import { readDeliveryMessage } from '#lib/delivery/read-delivery-message.ts';
import { redeliver } from '#lib/delivery/redeliver.ts';
import { dynamodbClient } from '#lib/dynamodb/client.ts';
import { createTables } from '#lib/dynamodb/create-tables.ts';
import { dynamodbDeliveryStore } from '#lib/dynamodb/delivery-store.ts';
import { dynamodbLaneStore } from '#lib/dynamodb/lane-store.ts';
import { matchingOf } from '#lib/fan-out/matching.ts';
import { windowsOf } from '#lib/fan-out/windows.ts';
import { maxAttributeLength, maxChangeBytes } from '#lib/identity/change.ts';
import { escapeBody } from '#lib/sqs/escape-body.ts';
import { startDynalite } from '../../../local/emulators/dynalite.ts';
import { recordOf, subscriptionNamed } from '../../support/deliveries.ts';
import { memoryDeliveryQueue } from '../../support/memory-delivery-queue.ts';
import { deliveryMessage } from '../delivery/delivery-message.ts';
import { DeliverHarness, received } from '../lanes/deliver-harness.ts';
import { largestMessage } from './largest-message.ts';

const dynalite = await startDynalite({});
const client = dynamodbClient({ region: 'us-east-1', endpoint: dynalite.url });
await createTables(client);
const now = new Date('2026-11-22T06:00:00.000Z');
const store = dynamodbDeliveryStore({ client, table: 'deliveries', now: () => now });
const lanes = dynamodbLaneStore({ client, table: 'lanes' });
afterAll(async () => {
  client.destroy();
  await dynalite.stop();
});

/** What fan-out queues of the largest record it reads, as deliver reads it: every attribute as long as it may be, the rest hardly to be compressed. */
function largestQueued(): { message: DeliveryMessage; subscription: ReturnType<typeof subscriptionNamed> } {
  const subscription = subscriptionNamed('payroll');
  const long = (text: string) => text.padEnd(maxAttributeLength, '漢');
  const { change } = largestMessage(maxChangeBytes - 16 * 1_024);
  const { sequence: _, ...large } = { ...change, id: long(randomUUID()), type: long('okta.'), subject: long('users/'), statekey: long('users/'), partitionkey: long('acme:') }; // prettier-ignore
  const room = maxChangeBytes - Buffer.byteLength(JSON.stringify(large)) - Buffer.byteLength(',"note":""');
  const record = recordOf({ partition: 0, offset: 7 }, Buffer.from(JSON.stringify({ ...large, note: 'x'.repeat(room) })));
  expect(record.value?.byteLength).toBe(maxChangeBytes);
  const [window] = windowsOf([record], matchingOf([subscription]), () => 60_000);
  const [owed] = window?.owed ?? [];
  if (owed?.kind !== 'delivery') throw new Error('the largest record is owed');
  const read = readDeliveryMessage(escapeBody(JSON.stringify(owed.delivery.message)), now);
  if (read.kind !== 'readable') throw new Error(read.entry.detail);
  return { message: read.message, subscription };
}

describe('the largest change that comes through the log', () => {
  it('can be claimed, parked, dead-lettered and sent again', async () => {
    const { message, subscription } = largestQueued();
    const lane = { queue: 'deliveries', group: randomUUID() } as const;
    expect(await store.claim({ message, lease: 'a', now, leaseMs: 1_000 })).toMatchObject({ kind: 'claimed' });
    const parked = await lanes.park({ ...lane, subscription: subscription.id, epoch: '1', message, removal: false, reason: 'back-off', dueAt: now, now }); // prettier-ignore
    await store.park({ message, now });
    expect(await lanes.read(parked!, 0, 10)).toEqual([{ position: 0, message }]);
    const attempt = { time: now.toISOString(), status: 400, latencyMs: 1, error: null, answer: '漢'.repeat(1_024) };
    expect(await store.settle({ id: message.delivery, lease: 'a', status: 'dead', reason: 'exhausted', attempt, letter: message })).toBe('settled'); // prettier-ignore
    const queue = memoryDeliveryQueue();
    const subscriptions = { find: async () => subscription };
    const again = await redeliver(message.delivery, { deliveries: store, subscriptions, lanes, queue, now: () => now });
    expect(again.kind).toBe('queued');
    const [queued] = queue.taken;
    expect(readDeliveryMessage(escapeBody(JSON.stringify(queued?.message)), now)).toEqual({ kind: 'readable', message: queued?.message });
    expect(await store.claim({ message: queued!.message, lease: 'b', now, leaseMs: 1_000 })).toMatchObject({ kind: 'claimed' });
  });
});

describe('a message that no item has room for', () => {
  it.each([
    ['a type of 450 KB', { type: `okta.${'a'.repeat(450_000)}` }],
    ['600 KB that can hardly be compressed', { data: largestMessage(600_000).change.data }],
  ])('is kept aside where it has %s, and what is behind it in its lane is sent', async (_, members) => {
    const harness = new DeliverHarness();
    const own = dynamodbDeliveryStore({ client, table: 'deliveries', now: () => new Date(harness.nowMs) });
    const base = deliveryMessage({ change: randomUUID() });
    const large = received('large', 'lane', { ...base, change: { ...base.change, ...members } });
    const removal = deliveryMessage({ change: randomUUID(), stateKey: 'users/00u1/status' });

    const report = await harness.run([large, received('removal', 'lane', removal)], { store: own });

    expect(report).toMatchObject({ failures: [], errors: [], counts: { quarantined: 1, delivered: 1 } });
    expect(harness.quarantined).toMatchObject([{ reason: 'delivery-unreadable', body: Buffer.from(large.body) }]);
    expect(harness.sentIds()).toEqual([removal.change.id]);
  });
});

it('is told from an outage when DynamoDB refuses an item, for waiting does not help', async () => {
  const letter = largestMessage(600_000);
  await store.claim({ message: letter, lease: 'a', now, leaseMs: 1_000 });

  await expect(store.settle({ id: letter.delivery, lease: 'a', status: 'dead', letter })).rejects.toMatchObject({
    code: 'DELIVERY_STORE_UNAVAILABLE',
    message: 'DynamoDB refuses, as it stands, UpdateItem',
    facts: { operation: 'UpdateItem', reason: 'ValidationException' },
  });
});
