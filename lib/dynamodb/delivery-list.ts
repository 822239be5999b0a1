import { QueryCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import * as z from 'zod';
import { deliveryRetentionDays, type Delivery, type DeliveryPage, type DeliveryQuery } from '../delivery/delivery.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import { deliveryIndexFor, type DeliveryIndex } from './delivery-index.ts';
import { createdKeyOf, hourOf, indexKeyOf } from './delivery-item.ts';
import { readDeliveries } from './delivery-read.ts';
import { unavailable } from './unavailable.ts';

const hourMs = 60 * 60_000;
const dayMs = 24 * hourMs;
/** Whoever wrote may have had a clock that is ahead of ours. */
const clockSkewMs = hourMs;
/** Queries for one page: enough for the default day, hour by hour, and a bound for a month of them. */
const maxQueries = 48;
/** A page ends after this, with what it has: the caller goes on from its cursor, where an answer that is too late would give him nothing. */
const longestMs = 4_000;
/** Keys one query reads when the answer is filtered afterwards. */
const filteredBatch = 50;
const longestPage = 100;
/** A delivery is kept for the retention after its last claim, which is at most the queue's 14 days after its first. */
const longestKeptMs = (deliveryRetentionDays + 15) * dayMs;

/**
 * Where a page begins: strictly below this text, which is a delivery's `createdKey` or the beginning of an hour (`yyyy-mm-ddThh`, below which
 * are all earlier hours). The same for every index, so that a page can end in the middle of an hour as well as between two.
 */
const placeSchema = z.tuple([
  z.literal('deliveries'),
  z.string().regex(/^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}(:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z#dlv_[0-9a-f]{32})?$/).refine((text) => !Number.isNaN(Date.parse(timeOf(text)))), // prettier-ignore
]);

/**
 * Deliveries, newest first, from the index that fits; what the index does not decide is filtered after reading. Each query
 * goes further back, so a page always makes progress, even when nothing in it fits.
 * @throws RelayError DELIVERY_STORE_UNAVAILABLE
 */
export async function listDeliveries(
  store: { client: DynamoDBClient; table: string; now: () => Date },
  query: DeliveryQuery,
): Promise<DeliveryPage> {
  const place = query.cursor === undefined ? undefined : decodeCursor(query.cursor, placeSchema);
  if (query.cursor !== undefined && place === undefined) return { kind: 'bad-cursor' };
  const nowMs = store.now().getTime();
  const index = deliveryIndexFor(query);
  const floor = floorOf(query, nowMs);
  const newest = hourOf(new Date(nowMs + clockSkewMs + hourMs));
  const limit = Math.min(query.limit, longestPage);

  const data: Delivery[] = [];
  const beginnings = [newest, place?.[1], query.until === undefined ? undefined : createdKeyOf(query.until, '')];
  let below = beginnings.reduce<string>(
    (lowest, beginning) => (beginning !== undefined && beginning < lowest ? beginning : lowest),
    newest,
  );
  const hasTime = (): boolean => store.now().getTime() - nowMs < longestMs;
  for (let queries = 0; below > floor && queries < maxQueries && data.length < limit && hasTime(); queries += 1) {
    const hour = hourBelow(below);
    const { keys, exhausted } = await keysBelow(store, {
      index,
      hour,
      below,
      limit: isFiltered(query) ? filteredBatch : limit - data.length,
    });
    const found = await readDeliveries(store, keys.map(({ id }) => id)); // prettier-ignore
    const isCurrent = ({ id, createdKey }: { id: string; createdKey: string }): boolean => {
      const delivery = found.get(id);
      return delivery !== undefined && createdKey === createdKeyOf(new Date(delivery.createdAt), id);
    };
    const fitting = keys
      .filter((key) => key.createdKey >= floor && isCurrent(key) && fits(found.get(key.id), query))
      .slice(0, limit - data.length);
    data.push(...fitting.flatMap(({ id }) => found.get(id) ?? []));
    const last = data.length === limit ? fitting.at(-1) : keys.at(-1);
    if (last !== undefined) below = last.createdKey;
    if (exhausted && last?.id === keys.at(-1)?.id) below = index.hourly ? hour : floor;
  }
  return { kind: 'page', data, nextCursor: below > floor ? encodeCursor(['deliveries', below]) : null };
}

function floorOf({ since, change, user }: DeliveryQuery, nowMs: number): string {
  const defaultMs = change === undefined && user === undefined ? dayMs : longestKeptMs;
  return new Date(Math.max(since?.getTime() ?? nowMs - defaultMs, nowMs - longestKeptMs)).toISOString();
}

function isFiltered({ status, change, user, subscription }: DeliveryQuery): boolean {
  return status !== undefined || [change, user, subscription].filter((id) => id !== undefined).length > 1;
}

function fits(delivery: Delivery | undefined, { status, change, user, subscription }: DeliveryQuery): boolean {
  if (delivery === undefined) return false;
  return (
    (status === undefined || delivery.status === status) &&
    (change === undefined || delivery.change === indexKeyOf(change)) &&
    (user === undefined || delivery.user === indexKeyOf(user)) &&
    (subscription === undefined || delivery.subscription === subscription)
  );
}

/** The hour that the keys just below a place are in. */
function hourBelow(place: string): string {
  return hourOf(new Date(place.includes('#') ? Date.parse(timeOf(place)) : Date.parse(timeOf(place)) - 1));
}

function timeOf(place: string): string {
  return place.includes('#') ? place.slice(0, place.indexOf('#')) : `${place}:00:00.000Z`;
}

interface KeyQuery {
  readonly index: DeliveryIndex;
  readonly hour: string;
  readonly below: string;
  readonly limit: number;
}

async function keysBelow(store: { client: DynamoDBClient; table: string }, { index, hour, below, limit }: KeyQuery) {
  const command = new QueryCommand({
    TableName: store.table,
    IndexName: index.name,
    KeyConditionExpression: '#partition = :partition AND createdKey < :below',
    ExpressionAttributeNames: { '#partition': index.partitionKey },
    ExpressionAttributeValues: { ':partition': { S: index.partition(hour) }, ':below': { S: below } },
    ScanIndexForward: false,
    Limit: limit,
  });
  const { Items = [], LastEvaluatedKey } = await store.client.send(command).catch(unavailable('DELIVERY_STORE_UNAVAILABLE', 'Query'));
  // Both are key attributes, so every item has them.
  const keys = Items.map((item) => ({ id: item['id']?.S ?? '', createdKey: item['createdKey']?.S ?? '' }));
  return { keys, exhausted: LastEvaluatedKey === undefined };
}
