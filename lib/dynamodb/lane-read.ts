import { QueryCommand } from '@aws-sdk/client-dynamodb';
import type { DeliveryId } from '../delivery/delivery.ts';
import type { ParkedDelivery, ParkedLane, UnreadablePlace } from '../delivery/lane-store.ts';
import type { Item } from './delivery-item.ts';
import { placeKeyOf, positionIn, type LaneTable } from './lane-item.ts';
import { updateItem } from './lane-write.ts';
import { unpackedMessage } from './packed-message.ts';
import { unavailable } from './unavailable.ts';

/** Pages grow by this where what they hold was removed: the places left behind are small, deliveries may be large. */
const pageGrowth = 4;
const longestPage = 1_000;

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
  for (let next = 0; next < lane.tail;) {
    const { input } = pageQuery(lanes.table, lane, { from: next });
    const found = new QueryCommand({
      ...input,
      FilterExpression: '#delivery = :delivery AND attribute_exists(#message)',
      ProjectionExpression: 'place',
      ExpressionAttributeNames: { '#delivery': 'delivery', '#message': 'message' },
      ExpressionAttributeValues: { ...input.ExpressionAttributeValues, ':delivery': { S: delivery } },
    });
    const { Items = [], LastEvaluatedKey } = await lanes.client.send(found).catch(unavailable('DELIVERY_STORE_UNAVAILABLE', 'Query'));
    positions.push(...Items.map(positionIn));
    next = LastEvaluatedKey === undefined ? lane.tail : positionIn(LastEvaluatedKey) + 1;
  }
  return positions;
}

function pageQuery(table: string, lane: ParkedLane, { from, limit }: { from: number; limit?: number }): QueryCommand {
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
