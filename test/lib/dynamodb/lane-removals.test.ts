import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import type { DeliveryMessage } from '#lib/delivery/delivery.ts';
import type { ParkedLane } from '#lib/delivery/lane-store.ts';
import { dynamodbClient } from '#lib/dynamodb/client.ts';
import { createTables } from '#lib/dynamodb/create-tables.ts';
import { dynamodbLaneStore } from '#lib/dynamodb/lane-store.ts';
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

  it('are looked for from the end where a subscription has more lanes than a page: those due last are seen, and those due first', async () => {
    const subscription = subscriptionIdSchema.parse('sub_01k9manylanes00000000000');
    const due = (minutes: number) => new Date(noon.getTime() + minutes * 60_000);
    const groups = Array.from({ length: 160 }, (_, index) => `lane-${index}`);
    for (const [index, group] of groups.entries())
      await store.park({ queue: 'deliveries', group, epoch: group, subscription, message: message(), removal: true, reason: 'back-off', dueAt: due(index), now: noon }); // prettier-ignore
    // As if three lanes were all that a page holds.
    const small = dynamodbClient({ region: 'us-east-1', endpoint: dynalite.url });
    small.middlewareStack.add(
      (next) => (args) => next('FilterExpression' in args.input ? { ...args, input: { ...args.input, Limit: 3 } } : args),
      { step: 'initialize' },
    );
    const { removals } = await dynamodbLaneStore({ client: small, table: 'lanes' }).waiting(subscription, 8);
    small.destroy();
    const seen = new Set(removals.map(({ group }) => group));
    // One of each of the eight shards, and three of each from the end.
    expect([removals.length, seen.size]).toEqual([32, 32]);
    for (const index of [0, 157, 158, 159]) expect(seen).toContain(`lane-${index}`);
    expect(await queriesOf(() => store.waiting(subscription, 8))).toBe(16);
    expect(await queriesOf(() => store.waiting(subscription, 8, 'without-removals'))).toBe(8);
  });

  it('say that the store is unavailable when it is', async () => {
    const lane = await park(true);
    faulty.inject((operation) => (operation === 'Query' ? 'never-sent' : undefined));
    const unavailable = { code: 'DELIVERY_STORE_UNAVAILABLE', facts: { operation: 'Query' } };
    await expect(store.removalSince(lane)).rejects.toMatchObject(unavailable);
    await expect(store.waiting(payrollId, 10)).rejects.toMatchObject(unavailable);
  });
});
