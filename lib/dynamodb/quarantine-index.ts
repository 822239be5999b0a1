import {
  ConditionalCheckFailedException,
  PutItemCommand,
  QueryCommand,
  type AttributeValue,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import * as z from 'zod';
import { RelayError } from '../errors.ts';
import {
  quarantineReasons,
  quarantineRetentionDays,
  type QuarantineEntry,
  type QuarantineIndex,
  type QuarantineRow,
} from '../quarantine/quarantine.ts';
import type { QuarantineEntries } from '../quarantine/stored-quarantine.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import { unavailable } from './unavailable.ts';

type Item = Record<string, AttributeValue>;

const code = 'QUARANTINE_UNAVAILABLE';
const dayMs = 24 * 60 * 60_000;
/** Whoever writes may have a clock that is ahead of the reader's. */
const clockSkewMs = 60 * 60_000;
/** Enough for one query per day that is kept, so that a nearly empty quarantine is one page. */
const maxQueries = quarantineRetentionDays + 10;
/** Items one query reads, whether the org filter lets them through or not. */
const itemsPerQuery = 100;

/** Where a page begins: a day, and within it the entry before (absent: the day's newest comes first). */
const placeSchema = z
  .object({
    list: z.literal('quarantine'),
    day: z.iso.date(),
    after: z
      .string()
      .regex(/^[0-9TZ:.-]{24}#[a-z0-9-]{1,64}$/)
      .optional(),
  })
  .refine(({ day, after }) => after === undefined || after.startsWith(day));
type Place = z.infer<typeof placeSchema>;

/** The list of what is in quarantine, cut by the day it came in. A page goes back day by day with a bounded number of queries. */
export function dynamodbQuarantineIndex(options: {
  client: DynamoDBClient;
  table: string;
  now: () => Date;
}): QuarantineIndex & QuarantineEntries {
  const { client, table, now } = options;

  return {
    async add(entry) {
      try {
        await client.send(new PutItemCommand({ TableName: table, Item: itemOf(entry), ConditionExpression: 'attribute_not_exists(id)' }));
      } catch (error) {
        // Listed already: by an earlier try, or because the same input came again.
        if (!(error instanceof ConditionalCheckFailedException)) unavailable(code, 'PutItem')(error);
      }
    },

    async list({ org, limit, cursor }) {
      const today = dayOf(now().getTime() + clockSkewMs);
      const begin = cursor === undefined ? { list: 'quarantine' as const, day: today } : decodeCursor(cursor, placeSchema);
      if (begin === undefined || begin.day > today) return { kind: 'bad-cursor' };
      const oldest = dayOf(now().getTime() - quarantineRetentionDays * dayMs);
      const rows: QuarantineRow[] = [];
      let place: Place = begin;
      // One row more than asked for tells whether there is a next page.
      for (let queries = 0; place.day >= oldest && queries < maxQueries && rows.length <= limit; queries += 1) {
        const { Items = [], LastEvaluatedKey } = await client.send(dayQuery(table, place, org)).catch(unavailable(code, 'Query'));
        rows.push(...Items.slice(0, limit + 1 - rows.length).map(rowOf));
        place = LastEvaluatedKey === undefined ? dayBefore(place) : placeAfter(LastEvaluatedKey['receivedKey']?.S ?? '');
      }
      const data = rows.slice(0, limit);
      const last = data.at(-1);
      if (rows.length > limit && last !== undefined) place = placeAfter(receivedKeyOf(last));
      return { kind: 'page', data, nextCursor: place.day >= oldest ? encodeCursor(place) : null };
    },
  };
}

function dayQuery(table: string, { day, after }: Place, org: string | undefined): QueryCommand {
  const start =
    after === undefined
      ? {}
      : { ExclusiveStartKey: { id: { S: after.slice(after.indexOf('#') + 1) }, day: { S: day }, receivedKey: { S: after } } };
  const filter = org === undefined ? {} : { FilterExpression: '#org = :org' };
  return new QueryCommand({
    TableName: table,
    IndexName: 'byDay',
    KeyConditionExpression: '#day = :day',
    ExpressionAttributeNames: { '#day': 'day', ...(org === undefined ? {} : { '#org': 'org' }) },
    ExpressionAttributeValues: { ':day': { S: day }, ...(org === undefined ? {} : { ':org': { S: org } }) },
    ScanIndexForward: false,
    Limit: itemsPerQuery,
    ...filter,
    ...start,
  });
}

function itemOf(entry: QuarantineEntry): Item {
  const receivedAt = entry.receivedAt.toISOString();
  return {
    id: { S: entry.id },
    org: { S: entry.org },
    reason: { S: entry.reason },
    detail: { S: entry.detail },
    receivedAt: { S: receivedAt },
    size: { N: String(entry.body.byteLength) },
    day: { S: receivedAt.slice(0, 10) },
    receivedKey: { S: receivedKeyOf({ receivedAt, id: entry.id }) },
    expiresAt: { N: String(Math.floor((entry.receivedAt.getTime() + quarantineRetentionDays * dayMs) / 1_000)) },
  };
}

const rowSchema = z.object({
  id: z.string(),
  org: z.string(),
  reason: z.enum(quarantineReasons),
  detail: z.string(),
  receivedAt: z.iso.datetime(),
  size: z.coerce.number().int(),
});

// The SDK answers an attribute called `__proto__` with undefined.
function rowOf(item: Record<string, AttributeValue | undefined>): QuarantineRow {
  const row = rowSchema.safeParse(Object.fromEntries(Object.entries(item).map(([name, value]) => [name, value?.S ?? value?.N])));
  if (row.success) return row.data;
  throw new RelayError(code, 'A stored quarantine entry cannot be read', { facts: { id: item['id']?.S ?? '?' }, cause: row.error });
}

/** Sorts by time, and is one entry's own. */
function receivedKeyOf({ receivedAt, id }: Pick<QuarantineRow, 'receivedAt' | 'id'>): string {
  return `${receivedAt}#${id}`;
}

function placeAfter(receivedKey: string): Place {
  return { list: 'quarantine', day: receivedKey.slice(0, 10), after: receivedKey };
}

function dayBefore(place: Place): Place {
  return { list: 'quarantine', day: dayOf(Date.parse(place.day) - dayMs) };
}

function dayOf(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 10);
}
