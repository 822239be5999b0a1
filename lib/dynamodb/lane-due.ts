import { QueryCommand, type QueryCommandInput } from '@aws-sdk/client-dynamodb';
import type { DueLane, Looking, WaitingLanes } from '../delivery/lane-store.ts';
import type { SubscriptionId } from '../subscriptions/subscription.ts';
import type { Item } from './delivery-item.ts';
import { dueKeyBehind, dueLaneOf, dueShardOf, dueShards, type LaneTable } from './lane-item.ts';
import { unavailable } from './unavailable.ts';

type Shard = LaneTable & { readonly shard: string };
type KeyedLane = { readonly key: string; readonly lane: DueLane };

/** A shard holds an eighth of the lanes, and not exactly. */
const smallestPage = 25;

/**
 * The shards are merged by their keys, and each is read only as far as it is needed.
 * @throws RelayError DELIVERY_STORE_UNAVAILABLE
 */
export async function dueLanes(
  lanes: LaneTable,
  subscription: SubscriptionId,
  { by, limit }: { by: Date; limit: number },
): Promise<readonly DueLane[]> {
  const pageSize = Math.max(smallestPage, Math.ceil(limit / dueShards));
  const sources = shardsOf(lanes, subscription).map((shard) => lanesIn(shard, { below: dueKeyBehind(by), pageSize }));
  const heads = await Promise.all(sources.map(async (source) => ({ source, head: await source.next() })));
  const due: DueLane[] = [];
  while (due.length < limit) {
    const [first] = heads
      .flatMap((stream) => (stream.head.done === true ? [] : [{ stream, ...stream.head.value }]))
      .sort((a, b) => (a.key < b.key ? -1 : 1));
    if (first === undefined) break;
    due.push(first.lane);
    first.stream.head = await first.stream.source.next();
  }
  return due;
}

/**
 * Counted by the index alone: a lane whose token is out is due when that counts as lost.
 * @throws RelayError DELIVERY_STORE_UNAVAILABLE
 */
export async function releasedLanes(
  lanes: LaneTable,
  subscription: SubscriptionId,
  { after, until, most }: { after: Date; until: Date; most: number },
): Promise<number> {
  const counts = shardsOf(lanes, subscription).map((shard) => releasedIn(shard, { after, until, most: Math.ceil(most / dueShards) }));
  return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
}

async function releasedIn(shard: Shard, { after, until, most }: { after: Date; until: Date; most: number }): Promise<number> {
  let count = 0;
  let start: Item | undefined;
  do {
    const { Count = 0, LastEvaluatedKey } = await query(shard, {
      Select: 'COUNT',
      KeyConditionExpression: 'dueShard = :shard AND dueKey BETWEEN :after AND :until',
      FilterExpression: 'attribute_exists(#token)',
      ExpressionAttributeNames: { '#token': 'token' },
      ExpressionAttributeValues: { ':after': { S: dueKeyBehind(after) }, ':until': { S: dueKeyBehind(until) } },
      ...(start === undefined ? {} : { ExclusiveStartKey: start }),
    });
    count += Count;
    start = LastEvaluatedKey;
  } while (start !== undefined && count < most);
  return count;
}

/** @throws RelayError DELIVERY_STORE_UNAVAILABLE */
export async function anyLane(lanes: LaneTable, subscription: SubscriptionId): Promise<boolean> {
  const counts = await Promise.all(
    shardsOf(lanes, subscription).map(async (shard) => {
      const { Items = [] } = await query(shard, { Limit: 1, KeyConditionExpression: 'dueShard = :shard' });
      return Items.length;
    }),
  );
  return counts.some((count) => count > 0);
}

/**
 * One query for each shard: a page of it is seen, at most. Where there is more, one of DynamoDB's own pages of each shard is searched for removals as well,
 * a megabyte: some two thousand lanes, of which only those come back.
 * @throws RelayError DELIVERY_STORE_UNAVAILABLE
 */
export async function waitingLanes(
  lanes: LaneTable,
  subscription: SubscriptionId,
  { most, looking }: { most: number; looking: Looking },
): Promise<WaitingLanes> {
  const limit = Math.ceil(most / dueShards);
  const pages = await Promise.all(shardsOf(lanes, subscription).map((shard) => waitingIn(shard, { limit, looking })));
  const items = pages.flatMap(({ seen }) => seen);
  const parkedMs = items.flatMap((item) => dueLaneOf(item)?.parkedAt.getTime() ?? []);
  return {
    count: items.length,
    oldestParkedAt: parkedMs.length === 0 ? undefined : new Date(Math.min(...parkedMs)),
    unreadable: items.filter((item) => dueLaneOf(item) === undefined).map((item) => item['id']?.S ?? '?'),
    removals: looking === 'without-removals' ? [] : pages.flatMap(({ seen, more }) => [...seen, ...more].flatMap(removalLanesOf)),
  };
}

async function waitingIn(
  shard: Shard,
  { limit, looking }: { limit: number; looking: Looking },
): Promise<{ readonly seen: readonly Item[]; readonly more: readonly Item[] }> {
  const { Items: seen = [], LastEvaluatedKey: last } = await query(shard, { KeyConditionExpression: 'dueShard = :shard', Limit: limit });
  if (last?.['dueKey'] === undefined || looking === 'without-removals') return { seen, more: [] };
  // From the end: what a page cuts off is in the middle then, and not what waits for longest.
  const { Items: more = [] } = await query(shard, {
    KeyConditionExpression: 'dueShard = :shard AND dueKey > :last',
    FilterExpression: 'removalAt >= :first',
    ExpressionAttributeValues: { ':last': last['dueKey'], ':first': { N: '0' } },
    ScanIndexForward: false,
  });
  return { seen, more };
}

function removalLanesOf(item: Item): DueLane[] {
  const lane = dueLaneOf(item);
  return lane !== undefined && lane.removalAt >= 0 ? [lane] : [];
}

function shardsOf(lanes: LaneTable, subscription: SubscriptionId): Shard[] {
  return Array.from({ length: dueShards }, (_, shard) => ({ ...lanes, shard: dueShardOf(subscription, shard) }));
}

async function* lanesIn(shard: Shard, { below, pageSize }: { below: string; pageSize: number }): AsyncGenerator<KeyedLane, undefined> {
  let start: Item | undefined;
  do {
    const { Items = [], LastEvaluatedKey } = await query(shard, {
      KeyConditionExpression: 'dueShard = :shard AND dueKey < :below',
      ExpressionAttributeValues: { ':below': { S: below } },
      Limit: pageSize,
      ...(start === undefined ? {} : { ExclusiveStartKey: start }),
    });
    for (const item of Items) {
      const lane = dueLaneOf(item);
      // It must not keep the others parked; `waitingLanes` tells of it.
      if (lane !== undefined) yield { key: item['dueKey']?.S ?? '', lane };
    }
    start = LastEvaluatedKey;
  } while (start !== undefined);
  return undefined;
}

function query({ client, table, shard }: Shard, input: Omit<QueryCommandInput, 'TableName' | 'IndexName'>) {
  const command = new QueryCommand({
    TableName: table,
    IndexName: 'byDue',
    ...input,
    ExpressionAttributeValues: { ':shard': { S: shard }, ...input.ExpressionAttributeValues },
  });
  return client.send(command).catch(unavailable('DELIVERY_STORE_UNAVAILABLE', 'Query'));
}
