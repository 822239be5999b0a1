import { randomUUID } from 'node:crypto';
import { ScanCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { dynamodbClient } from '#lib/dynamodb/client.ts';
import { longestAttemptLog } from '#lib/delivery/delivery.ts';
import { createTables } from '#lib/dynamodb/create-tables.ts';
import { readDeliveries } from '#lib/dynamodb/delivery-read.ts';
import { dynamodbDeliveryStore } from '#lib/dynamodb/delivery-store.ts';
import { startDynalite } from '../../../local/emulators/dynalite.ts';
import { deliveryMessage } from '../delivery/delivery-message.ts';
import { faultyClient } from './faulty-client.ts';
import { largestMessage } from './largest-message.ts';

const dynalite = await startDynalite({});
const direct = dynamodbClient({ region: 'us-east-1', endpoint: dynalite.url });
await createTables(direct);
const faulty = faultyClient(dynalite.url);
const { client } = faulty;
const now = new Date('2026-11-22T06:00:00.000Z');
const store = dynamodbDeliveryStore({ client, table: 'deliveries', now: () => now });
const attempt = { time: now.toISOString(), status: 503, latencyMs: 1, error: null };

afterEach(() => {
  faulty.inject(() => undefined);
});
afterAll(async () => {
  client.destroy();
  direct.destroy();
  await dynalite.stop();
});

describe('the delivery store in DynamoDB', () => {
  it('reads a delivery once when its index names it twice', async () => {
    const message = deliveryMessage({ change: randomUUID() });
    await store.claim({ message, lease: 'a', now, leaseMs: 1_000 });
    const found = await readDeliveries({ client, table: 'deliveries' }, [message.delivery, message.delivery]);
    expect([...found.keys()]).toEqual([message.delivery]);
  });

  it('ends a page when its time is up, and goes on from its cursor', async () => {
    const subscription = 'sub_01k9s10wpage00000000000000';
    const old = deliveryMessage({ change: randomUUID(), subscription });
    const createdAt = new Date(now.getTime() - 20 * 60 * 60_000);
    await store.claim({ message: old, lease: 'a', now: createdAt, leaseMs: 1_000 });
    let clockMs = now.getTime();
    // A second for each look at the clock: an hour of the log takes one.
    const slow = dynamodbDeliveryStore({ client, table: 'deliveries', now: () => new Date((clockMs += 1_000)) });
    const pages = [];
    let cursor: string | undefined;
    do {
      const page = await slow.list({ subscription, since: new Date(createdAt.getTime() - 1), limit: 10, cursor });
      if (page.kind === 'bad-cursor') throw new Error('the cursor was not taken back');
      pages.push(page.data.map(({ change }) => change));
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined && pages.length < 50);
    expect(pages.length).toBeGreaterThan(4);
    expect(pages.flat()).toEqual([old.change.id]);
  });

  it('still claims when the answer to its write was lost', async () => {
    faulty.loseOneAnswer('UpdateItem');
    const message = deliveryMessage({ change: randomUUID() });
    expect(await store.claim({ message, lease: 'a', now, leaseMs: 1_000 })).toEqual({
      kind: 'claimed',
      attempts: 0,
      refusals: 0,
      createdAt: now,
    });
    expect(await store.claim({ message, lease: 'b', now, leaseMs: 1_000 })).toMatchObject({ kind: 'not-yet' });
  });

  it('still settles, and once, when the answer to its write was lost', async () => {
    const message = deliveryMessage({ change: randomUUID() });
    await store.claim({ message, lease: 'a', now, leaseMs: 1_000 });
    faulty.loseOneAnswer('UpdateItem');
    const settlement = { id: message.delivery, lease: 'a', status: 'pending', attempt, refused: true, nextAttemptAt: now } as const;
    expect(await store.settle(settlement)).toBe('settled');
    expect(await store.claim({ message, lease: 'b', now, leaseMs: 1_000 })).toEqual({
      kind: 'claimed',
      attempts: 1,
      refusals: 1,
      createdAt: now,
    });
  });

  it.each(['UpdateItem', 'GetItem', 'Query', 'BatchGetItem'])('says that it is unavailable when %s fails', async (operation) => {
    const message = deliveryMessage({ change: randomUUID() });
    await store.claim({ message, lease: 'a', now, leaseMs: 1_000 });
    faulty.inject((called) => (called === operation ? 'never-sent' : undefined));
    const unavailable = expect.objectContaining({
      code: 'DELIVERY_STORE_UNAVAILABLE',
      facts: expect.objectContaining({ operation }) as object,
    }) as object;
    if (operation === 'UpdateItem') {
      await expect(store.claim({ message, lease: 'b', now, leaseMs: 1_000 })).rejects.toEqual(unavailable);
      await expect(store.settle({ id: message.delivery, lease: 'a', status: 'dead' })).rejects.toEqual(unavailable);
      await expect(store.park({ message, now })).rejects.toEqual(unavailable);
    } else if (operation === 'GetItem') {
      await expect(store.claim({ message, lease: 'b', now, leaseMs: 1_000 })).rejects.toEqual(unavailable);
      await expect(store.find(message.delivery)).rejects.toEqual(unavailable);
      await expect(store.letter(message.delivery)).rejects.toEqual(unavailable);
    } else await expect(store.list({ change: message.change.id, limit: 1 })).rejects.toEqual(unavailable);
  });

  it('takes ids and types that are longer than an index key may be, and finds them again', async () => {
    const long = 'ž'.repeat(1_000);
    const base = deliveryMessage({ change: `event-${long}`, type: `okta.${long}` });
    const user = long.repeat(3);
    const message = { ...base, change: { ...base.change, data: { ...base.change.data, user: { id: user } } } };
    expect(await store.claim({ message, lease: 'a', now, leaseMs: 1_000 })).toMatchObject({ kind: 'claimed' });
    const digest = expect.stringMatching(/^sha256:[0-9a-f]{64}$/) as string;
    expect(await store.list({ change: message.change.id, limit: 1 })).toMatchObject({
      data: [{ id: message.delivery, change: digest, type: digest }],
    });
    expect(await store.list({ user, limit: 1 })).toMatchObject({ data: [{ id: message.delivery }] });
  });

  it('keeps ids only of a person, and until thirty days after the last claim', async () => {
    const message = deliveryMessage({ change: randomUUID() });
    await store.claim({ message, lease: 'a', now, leaseMs: 1_000 });
    await store.settle({ id: message.delivery, lease: 'a', status: 'pending', attempt, nextAttemptAt: now, letter: message });
    const later = new Date('2026-11-30T06:00:00.000Z');
    await store.claim({ message, lease: 'b', now: later, leaseMs: 1_000 });
    const { Items = [] } = await direct.send(new ScanCommand({ TableName: 'deliveries' }));
    const item = Items.find(({ id }) => id?.S === message.delivery);
    expect(item?.['expiresAt']).toEqual({ N: String(Date.parse('2026-12-30T06:00:00.000Z') / 1_000) });
    expect(item).not.toHaveProperty('letter');
    expect(item?.['user']).toEqual({ S: '00u10r4h1xAe2TIcx4x7' });
    expect(JSON.stringify(Items)).not.toMatch(/ana@example\.com|Ana Ito/);
  });

  it('has room for the largest letter beside as many attempts with long answers as are kept', async () => {
    const message = largestMessage();
    const answer = '漢'.repeat(10_000);
    for (let made = 0; made < longestAttemptLog; made += 1) {
      const status = made === longestAttemptLog - 1 ? 'dead' : 'parked';
      await store.claim({ message, lease: `lease-${made}`, now, leaseMs: 1_000 });
      const settlement = {
        id: message.delivery,
        lease: `lease-${made}`,
        status,
        attempt: { ...attempt, answer },
        letter: message,
      } as const;
      expect(await store.settle(settlement)).toBe('settled');
    }
    const letter = await store.letter(message.delivery);
    const attempts = Array(longestAttemptLog).fill({ ...attempt, answer: '漢'.repeat(1_024) }) as unknown;
    expect(letter).toMatchObject({ message, delivery: { attempts } });
  });

  it('says so when a letter cannot be read', async () => {
    const message = deliveryMessage({ change: randomUUID() });
    await store.claim({ message, lease: 'a', now, leaseMs: 1_000 });
    await store.settle({ id: message.delivery, lease: 'a', status: 'dead', letter: { ...message, v: 2 as 1 } });
    expect(await store.letter(message.delivery)).toEqual({ unreadable: message.delivery });
    expect(await store.find(message.delivery)).toMatchObject({ status: 'dead' });
  });

  it('parks all the same when the answer to its write was lost', async () => {
    const message = deliveryMessage({ change: randomUUID() });
    faulty.loseOneAnswer('UpdateItem');
    await store.park({ message, now });
    expect(await store.find(message.delivery)).toMatchObject({ status: 'parked' });
  });
});
