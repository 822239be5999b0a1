import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import type { DeliveryMessage } from '#lib/delivery/delivery.ts';
import type { ParkedLane } from '#lib/delivery/lane-store.ts';
import { dynamodbClient } from '#lib/dynamodb/client.ts';
import { createTables } from '#lib/dynamodb/create-tables.ts';
import { dynamodbLaneStore } from '#lib/dynamodb/lane-store.ts';
import { startDynalite } from '../../../local/emulators/dynalite.ts';
import { deliveryMessage, payrollId } from '../delivery/delivery-message.ts';
import { faultyClient } from './faulty-client.ts';
import { largestMessage } from './largest-message.ts';

const dynalite = await startDynalite({});
const direct = dynamodbClient({ region: 'us-east-1', endpoint: dynalite.url });
await createTables(direct);
const faulty = faultyClient(dynalite.url);
const store = dynamodbLaneStore({ client: faulty.client, table: 'lanes' });
afterEach(() => {
  faulty.inject(() => undefined);
});
afterAll(async () => {
  faulty.client.destroy();
  direct.destroy();
  await dynalite.stop();
});

const noon = new Date('2026-11-21T12:00:00.000Z');
const published = '2026-11-21T11:53:00.000Z';
const message = (): DeliveryMessage => deliveryMessage({ change: randomUUID() });
const large = largestMessage();
/** As large as a change may be: a few of these fill one of DynamoDB's pages. */
const changeOf = (): DeliveryMessage => ({ ...large, delivery: message().delivery });

async function park(removal: boolean, of = message()): Promise<ParkedLane> {
  const key = { queue: 'deliveries', group: randomUUID(), epoch: randomUUID() } as const;
  const lane = await store.park({ ...key, subscription: payrollId, message: of, removal, reason: 'back-off', dueAt: noon, now: noon });
  if (lane === undefined) throw new Error('the lane was parked already');
  return lane;
}
async function append(lane: ParkedLane, of: DeliveryMessage, removal: boolean): Promise<ParkedLane> {
  return (await store.append(lane, { message: of, removal, now: noon })) ?? lane;
}
async function withRemovalBehind(changes: number): Promise<ParkedLane> {
  let lane = await park(false, changeOf());
  for (let more = 1; more < changes; more += 1) lane = await append(lane, changeOf(), false);
  const of = message();
  return append(lane, { ...of, change: { ...of.change, time: published } }, true);
}

async function queriesOf(work: () => Promise<unknown>): Promise<number> {
  let queries = 0;
  faulty.inject((operation) => {
    if (operation === 'Query') queries += 1;
    return undefined;
  });
  await work();
  return queries;
}

describe('the removals of a lane in DynamoDB', () => {
  it('are found behind several pages of the largest deliveries that there are', async () => {
    const lane = await withRemovalBehind(9);
    expect(await store.removalSince(lane)).toEqual(new Date(published));
    expect(await queriesOf(() => store.removalSince(lane))).toBeGreaterThan(1);
  });

  it('are taken for granted behind four megabytes, and no more is read', async () => {
    const lane = await withRemovalBehind(30);
    expect(await store.removalSince(lane)).toEqual(noon);
    expect(await queriesOf(() => store.removalSince(lane))).toBe(4);
  });

  it('cost no request where a lane never had one', async () => {
    const lane = await park(false);
    expect(await queriesOf(() => store.removalSince(lane))).toBe(0);
  });

  it('say that the store is unavailable when it is', async () => {
    const lane = await park(true);
    faulty.inject((operation) => (operation === 'Query' ? 'never-sent' : undefined));
    const unavailable = { code: 'DELIVERY_STORE_UNAVAILABLE', facts: { operation: 'Query' } };
    await expect(store.removalSince(lane)).rejects.toMatchObject(unavailable);
    await expect(store.waiting(payrollId, 10)).rejects.toMatchObject(unavailable);
  });
});
