import { QueryCommand, type AttributeValue } from '@aws-sdk/client-dynamodb';
import type { DeliveryId } from '../delivery/delivery.ts';
import type { DueLane, LaneKey, ParkedDelivery, ParkedLane, UnreadablePlace } from '../delivery/lane-store.ts';
import type { Item } from './delivery-item.ts';
import { placeKeyOf, positionIn, type LaneTable } from './lane-item.ts';
import { updateItem } from './lane-write.ts';
import { unpackedMessage } from './packed-message.ts';
import { unavailable } from './unavailable.ts';

/** Pages grow by this where what they hold was removed: the places left behind are small, deliveries may be large. */
const pageGrowth = 4;
const longestPage = 1_000;
/** A megabyte each, which is thousands of deliveries of one person: nothing but a defect makes a lane of more. */
const mostRemovalPages = 4;

type Places = LaneKey & Pick<ParkedLane, 'epoch' | 'tail'>;

/**
 * What lies behind the tail is not read: its writer has not said yet that it is in the lane.
 * @throws RelayError DELIVERY_STORE_UNAVAILABLE
 */
export async function readLane(lanes: LaneTable, lane: ParkedLane, { from, limit }: { from: number; limit: number }) {
  const waiting: Item[] = [];
  let pageSize = Math.min(limit, longestPage);
  for (let next = from; next < lane.tail && waiting.length < limit; pageSize = Math.min(pageSize * pageGrowth, longestPage)) {
    const { Items = [], LastEvaluatedKey } = await lanes.client
      .send(pageQuery(lanes.table, lane, { from: next, limit: pageSize }))
      .catch(unavailable('DELIVERY_STORE_UNAVAILABLE', 'Query'));
    waiting.push(...Items.filter((item) => item['message'] !== undefined));
    next = LastEvaluatedKey === undefined ? lane.tail : positionIn(LastEvaluatedKey) + 1;
  }
  return Promise.all(waiting.slice(0, limit).map(parkedDelivery));
}

/** A lane may hold thousands, of 256 KiB each: what is not asked for stays in the table. @throws RelayError DELIVERY_STORE_UNAVAILABLE */
export async function positionsInLane(lanes: LaneTable, lane: ParkedLane, delivery: DeliveryId): Promise<readonly number[]> {
  const positions: number[] = [];
  for await (const items of standingIn(lanes, lane, { name: 'delivery', value: { S: delivery } })) positions.push(...items.map(positionIn));
  return positions;
}

/**
 * Every removal of a page is looked at: one that came late may be older than those before it. It is on the first page that has any: one on a later page,
 * behind a megabyte, may be older than what is said.
 * @throws RelayError DELIVERY_STORE_UNAVAILABLE
 */
export async function removalSinceInLane(lanes: LaneTable, lane: DueLane): Promise<Date | undefined> {
  let pages = 0;
  const upToTheLast = { ...lane, tail: lane.removalAt + 1 };
  for await (const items of standingIn(lanes, upToTheLast, { name: 'removal', value: { BOOL: true }, shown: 'place, #message' })) {
    const places = await Promise.all(items.map(parkedDelivery));
    const sinceMs = places.map((place) => ('message' in place ? Date.parse(place.message.change.time) : lane.parkedAt.getTime()));
    if (sinceMs.length > 0) return new Date(Math.min(...sinceMs));
    pages += 1;
    if (pages === mostRemovalPages) return lane.parkedAt;
  }
  return undefined;
}

/** Page by page, the places where a delivery stands that has this attribute. */
async function* standingIn(
  lanes: LaneTable,
  lane: Places,
  { name, value, shown = 'place' }: { name: string; value: AttributeValue; shown?: string },
): AsyncGenerator<readonly Item[], undefined> {
  for (let next = 0; next < lane.tail;) {
    const { input } = pageQuery(lanes.table, lane, { from: next });
    const found = new QueryCommand({
      ...input,
      FilterExpression: '#is = :is AND attribute_exists(#message)',
      ProjectionExpression: shown,
      ExpressionAttributeNames: { '#is': name, '#message': 'message' },
      ExpressionAttributeValues: { ...input.ExpressionAttributeValues, ':is': value },
    });
    const { Items = [], LastEvaluatedKey } = await lanes.client.send(found).catch(unavailable('DELIVERY_STORE_UNAVAILABLE', 'Query'));
    yield Items;
    next = LastEvaluatedKey === undefined ? lane.tail : positionIn(LastEvaluatedKey) + 1;
  }
  return undefined;
}

function pageQuery(table: string, lane: Places, { from, limit }: { from: number; limit?: number }): QueryCommand {
  const { id, place: first } = placeKeyOf(lane, from);
  const { place: last } = placeKeyOf(lane, lane.tail - 1);
  return new QueryCommand({
    TableName: table,
    KeyConditionExpression: 'id = :id AND place BETWEEN :first AND :last',
    ExpressionAttributeValues: { ':id': id, ':first': first, ':last': last },
    ConsistentRead: true,
    ...(limit === undefined ? {} : { Limit: limit }),
  });
}

/** One that cannot be read must not keep those behind it. */
async function parkedDelivery(item: Item): Promise<ParkedDelivery | UnreadablePlace> {
  const position = positionIn(item);
  const unpacked = await unpackedMessage(item['message']);
  if (unpacked.kind !== 'readable') return { position, unreadable: unpacked.bytes };
  return { position, message: unpacked.message, ...(item['ahead']?.BOOL === true ? { ahead: true } : {}) };
}

/** @throws RelayError DELIVERY_STORE_UNAVAILABLE */
export async function markAheadInLane(lanes: LaneTable, lane: ParkedLane, position: number): Promise<void> {
  const key = placeKeyOf(lane, position);
  // Refused: as below.
  await updateItem(lanes, { key, when: { id: key.id }, set: { ahead: { BOOL: true } } });
}

/** Leaves the place behind, without what was in it: see lib/dynamodb/lane-tail.ts. @throws RelayError DELIVERY_STORE_UNAVAILABLE */
export async function removeFromLane(lanes: LaneTable, lane: ParkedLane, position: number): Promise<void> {
  const key = placeKeyOf(lane, position);
  // Refused: there is no such place, and none must be made.
  await updateItem(lanes, { key, when: { id: key.id }, remove: ['message'] });
}
