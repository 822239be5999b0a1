import { randomUUID } from 'node:crypto';
import { QueryCommand, ScanCommand, type AttributeValue } from '@aws-sdk/client-dynamodb';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DeliveryMessage } from '#lib/delivery/delivery.ts';
import type { LaneKey, LaneStore, ParkedLane, ParkRequest } from '#lib/delivery/lane-store.ts';
import { dynamodbClient } from '#lib/dynamodb/client.ts';
import { createTables } from '#lib/dynamodb/create-tables.ts';
import { dynamodbLaneStore } from '#lib/dynamodb/lane-store.ts';
import { maxChangeBytes } from '#lib/identity/change.ts';
import { subscriptionIdSchema } from '#lib/subscriptions/subscription.ts';
import { startDynalite } from '../../../local/emulators/dynalite.ts';
import { deliveryMessage, payrollId } from '../delivery/delivery-message.ts';
import { faultyClient } from './faulty-client.ts';
import { largestMessage } from './largest-message.ts';

const dynalite = await startDynalite({});
const direct = dynamodbClient({ region: 'us-east-1', endpoint: dynalite.url });
await createTables(direct);
const faulty = faultyClient(dynalite.url);
const store = dynamodbLaneStore({ client: faulty.client, table: 'lanes' });

const noon = new Date('2026-11-21T12:00:00.000Z');
const lostAt = new Date('2026-11-21T12:10:00.000Z');
const dayMs = 24 * 60 * 60_000;
let key: LaneKey;
beforeEach(() => {
  key = { queue: 'deliveries', group: randomUUID() };
});
afterEach(() => {
  faulty.inject(() => undefined);
});
afterAll(async () => {
  faulty.client.destroy();
  direct.destroy();
  await dynalite.stop();
});

const message = (): DeliveryMessage => deliveryMessage({ change: randomUUID() });
const request = (): ParkRequest => ({
  ...key,
  subscription: payrollId,
  epoch: randomUUID(),
  message: message(),
  removal: false,
  reason: 'back-off',
  dueAt: noon,
  now: noon,
});
async function park(of: Partial<ParkRequest> = {}): Promise<ParkedLane> {
  const lane = await store.park({ ...request(), ...of });
  if (lane === undefined) throw new Error('the lane was parked already');
  return lane;
}
async function seize(lane: ParkedLane): Promise<ParkedLane> {
  const seized = await store.seize(lane, { token: 'a', lostAt });
  if (seized === undefined) throw new Error('the lane is open');
  return seized;
}
async function itemsOf({ queue, group }: LaneKey): Promise<Record<string, AttributeValue>[]> {
  const values = { ':id': { S: `${queue}#${group}` } };
  const query = new QueryCommand({ TableName: 'lanes', KeyConditionExpression: 'id = :id', ExpressionAttributeValues: values });
  return (await direct.send(query)).Items ?? [];
}

describe('the lane store in DynamoDB, when the answer to a write is lost', () => {
  it.each([1, 2])('parks once, whichever of its writes it is: %d', async (which) => {
    faulty.loseOneAnswer('PutItem', which);
    const lane = await park();
    expect(await store.find(key)).toEqual(lane);
    expect(await store.read(lane, 0, 10)).toHaveLength(1);
  });

  it.each(['PutItem', 'UpdateItem'])('appends once (%s)', async (operation) => {
    const lane = await park();
    faulty.loseOneAnswer(operation);
    expect(await store.append(lane, { message: message(), removal: true, now: noon })).toMatchObject({ tail: 2, removalAt: 1 });
    const found = await store.find(key);
    expect(found).toMatchObject({ tail: 2, removalAt: 1 });
    expect(await store.read(found ?? lane, 0, 10)).toHaveLength(2);
  });

  it('issues, takes and seizes all the same', async () => {
    const lane = await park();
    faulty.loseOneAnswer('UpdateItem');
    expect(await store.issue(lane, { token: 'a', lostAt })).toBe(true);
    faulty.loseOneAnswer('UpdateItem');
    expect(await store.take(key, { token: 'a', lostAt })).toMatchObject({ token: 'a' });
    faulty.loseOneAnswer('UpdateItem');
    expect(await store.seize(lane, { token: 'b', lostAt })).toMatchObject({ token: 'b' });
  });

  it('lays down and opens all the same', async () => {
    const lane = await seize(await park());
    faulty.loseOneAnswer('UpdateItem');
    expect(await store.release(lane, { dueAt: noon, reason: 'circuit' })).toBe(true);
    expect(await store.find(key)).toMatchObject({ reason: 'circuit', dueAt: noon });
    const again = await seize(lane);
    faulty.loseOneAnswer('DeleteItem');
    expect(await store.reopen(again)).toBe(true);
    expect(await store.find(key)).toBeUndefined();
  });

  it('removes all the same', async () => {
    const lane = await park();
    faulty.loseOneAnswer('UpdateItem');
    await store.remove(lane, 0);
    expect(await store.read(lane, 0, 10)).toEqual([]);
  });
});

describe('the lane store in DynamoDB', () => {
  it.each<[string, (store: LaneStore, lane: ParkedLane) => Promise<unknown>]>([
    ['GetItem', (store) => store.find(key)],
    ['PutItem', (store) => store.park(request())],
    ['PutItem', (store, lane) => store.append(lane, { message: message(), removal: false, now: noon })],
    ['UpdateItem', (store, lane) => store.append(lane, { message: message(), removal: false, now: noon })],
    ['Query', (store, lane) => store.read(lane, 0, 1)],
    ['UpdateItem', (store, lane) => store.remove(lane, 0)],
    ['UpdateItem', (store, lane) => store.issue(lane, { token: 'b', lostAt })],
    ['UpdateItem', (store) => store.take(key, { token: 'a', lostAt })],
    ['UpdateItem', (store, lane) => store.seize(lane, { token: 'b', lostAt })],
    ['UpdateItem', (store, lane) => store.release(lane, { dueAt: noon, reason: 'limit' })],
    ['DeleteItem', (store, lane) => store.reopen(lane)],
    ['Query', (store) => store.due(payrollId, noon, 1)],
    ['Query', (store) => store.any(payrollId)],
  ])('says that it is unavailable when %s fails, in case %#', async (operation, call) => {
    const lane = await seize(await park());
    faulty.inject((called) => (called === operation ? 'never-sent' : undefined));
    await expect(call(store, lane)).rejects.toMatchObject({ code: 'DELIVERY_STORE_UNAVAILABLE', facts: { operation } });
  });

  it('keeps and reads the largest deliveries that there are, over several pages', async () => {
    const messages = Array.from({ length: 6 }, () => largestMessage());
    expect(Buffer.byteLength(JSON.stringify(messages[0]?.change))).toBeGreaterThan(maxChangeBytes - 16);
    let lane = await park({ message: messages[0]! });
    for (const one of messages.slice(1)) lane = (await store.append(lane, { message: one, removal: false, now: noon })) ?? lane;
    const read = await store.read(lane, 0, 10);
    expect(read).toEqual(messages.map((one, position) => ({ position, message: one })));
    expect((await store.read(lane, 2, 3)).map(({ position }) => position)).toEqual([2, 3, 4]);
    const last = message();
    lane = (await store.append(lane, { message: last, removal: false, now: noon })) ?? lane;
    expect(await store.positions(lane, last.delivery)).toEqual([6]);
  });

  it('refuses what no item can hold, before the tail moves or a lane is parked', async () => {
    const tooLarge = largestMessage(600_000);
    await expect(park({ message: tooLarge })).rejects.toMatchObject({ code: 'DELIVERY_STORE_UNAVAILABLE' });
    expect(await store.find(key)).toBeUndefined();
    const lane = await park();
    await expect(store.append(lane, { message: tooLarge, removal: false, now: noon })).rejects.toMatchObject({
      code: 'DELIVERY_STORE_UNAVAILABLE',
    });
    expect(await store.find(key)).toEqual(lane);
  });

  it('tells of a delivery of another version of the relay with its whole text', async () => {
    const of = { ...message(), v: 2 as 1 };
    const lane = await park({ message: of });
    const [place] = await store.read(lane, 0, 10);
    expect(JSON.parse(Buffer.from(place !== undefined && 'unreadable' in place ? place.unreadable : []).toString())).toEqual(of);
  });

  it('holds nothing of a person once his deliveries are removed and the lane is open', async () => {
    const lane = await park();
    await store.append(lane, { message: message(), removal: false, now: noon });
    for (const position of [0, 1]) await store.remove(lane, position);
    expect(await store.reopen(await seize(lane))).toBe(true);
    const items = await itemsOf(key);
    expect(items.map(Object.keys)).toEqual(Array(2).fill(expect.not.arrayContaining(['message'])));
  });

  it('takes back what it wrote into a lane that was parked or opened by another', async () => {
    const lane = await park();
    await store.park(request());
    expect(await itemsOf(key)).toHaveLength(2);
    await store.reopen(await seize(lane));
    await store.append(lane, { message: message(), removal: false, now: noon });
    expect(await itemsOf(key)).toHaveLength(1);
  });

  it('forgets forty days after what was last written', async () => {
    const daysFrom = (time: Date) => String((time.getTime() + 40 * dayMs) / 1_000);
    const dueAt = new Date('2026-11-28T12:00:00.000Z');
    const later = new Date('2026-11-29T12:00:00.000Z');
    const lane = await park({ dueAt });
    const expiries = async () => (await itemsOf(key)).map((item) => item['expiresAt']?.N).sort();
    expect(await expiries()).toEqual([daysFrom(noon), daysFrom(dueAt)]);
    await store.append(lane, { message: message(), removal: false, now: later });
    expect(await expiries()).toEqual([daysFrom(noon), daysFrom(later), daysFrom(later)]);
  });

  it('does not forget a lane that was parked long ago when a person asks for it, whoever has it', async () => {
    const long = new Date(noon.getTime() - 60 * dayMs);
    const lane = await park({ dueAt: noon, now: long });
    const expiry = async () => Number((await itemsOf(key)).find(({ place }) => place?.S === '#lane')?.['expiresAt']?.N);
    expect(await store.hasten(lane, noon)).toBe(true);
    expect([(await store.find(key))?.dueAt, await expiry()]).toEqual([long, (noon.getTime() + 40 * dayMs) / 1_000]);
    const held = await seize(lane);
    const again = { ...held, hastenedAt: noon };
    expect(await store.hasten(again, lostAt)).toBe(true);
    expect(await store.release(held, { dueAt: noon, reason: 'limit' })).toBe(true);
    expect([(await store.find(key))?.dueAt, await expiry()]).toEqual([long, (lostAt.getTime() + 40 * dayMs) / 1_000]);
  });

  it('indexes lanes and no deliveries, spread over eight keys, with what a sweep needs and no more', async () => {
    const subscription = subscriptionIdSchema.parse(`sub_${randomUUID().replaceAll('-', '').slice(0, 26)}`);
    for (let index = 0; index < 40; index += 1) await park({ group: randomUUID(), subscription });
    const { Items = [] } = await direct.send(new ScanCommand({ TableName: 'lanes', IndexName: 'byDue' }));
    const indexed = Items.filter(({ dueShard }) => dueShard?.S?.startsWith(subscription));
    expect(indexed).toHaveLength(40);
    expect(new Set(indexed.map(({ dueShard }) => dueShard?.S)).size).toBeGreaterThan(4);
    const names = ['dueAt', 'dueKey', 'dueShard', 'epoch', 'group', 'id', 'parkedAt', 'place', 'queue', 'reason', 'removalAt'];
    expect(new Set(indexed.map((item) => Object.keys(item).sort().join()))).toEqual(new Set([names.join()]));
  });
});
