import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  ScanCommand,
  type AttributeValue,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import * as z from 'zod';
import { orgIdSchema, type Org, type OrgId } from '../okta/org.ts';
import type { OrgPage, OrgRegistry, StoredOrg } from '../orgs/org-registry.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import { orgItem, orgOfItem } from './org-store.ts';
import { unavailable } from './unavailable.ts';

type Item = Record<string, AttributeValue>;

const code = 'ORG_STORE_UNAVAILABLE';
const placeSchema = z.tuple([z.literal('orgs'), orgIdSchema]);

/**
 * Orgs in DynamoDB, to be managed. An org's revision is its stored text, so that an item made by hand has one too. Reads are consistent.
 * A list reads the whole table: orgs are few, and it is asked for by people.
 */
export function dynamodbOrgRegistry({ client, table }: { client: DynamoDBClient; table: string }): OrgRegistry {
  async function find(id: OrgId): Promise<StoredOrg | undefined> {
    const get = new GetItemCommand({ TableName: table, Key: { id: { S: id } }, ConsistentRead: true });
    const { Item } = await client.send(get).catch(unavailable(code, 'GetItem'));
    return Item === undefined ? undefined : { org: orgOfItem(Item), revision: Item['org']?.S ?? '' };
  }
  const unchanged = (revision: string) => ({
    ConditionExpression: '#org = :revision',
    ExpressionAttributeNames: { '#org': 'org' },
    ExpressionAttributeValues: { ':revision': { S: revision } },
  });
  const textOf = (org: Org) => orgItem(org)['org']?.S;

  return {
    find,

    async list({ limit, cursor }): Promise<OrgPage> {
      const place = cursor === undefined ? undefined : decodeCursor(cursor, placeSchema);
      if (cursor !== undefined && place === undefined) return { kind: 'bad-cursor' };
      const after = place?.[1];
      const items = (await allItems(client, table)).toSorted((a, b) => compare(idOf(a), idOf(b)));
      const rest = items.filter((item) => after === undefined || compare(idOf(item), after) > 0);
      const data = rest.slice(0, limit).map(orgOfItem);
      const last = data.at(-1);
      return { kind: 'page', data, nextCursor: rest.length > limit && last !== undefined ? encodeCursor(['orgs', last.id]) : null };
    },

    async create(org) {
      const put = new PutItemCommand({ TableName: table, Item: orgItem(org), ConditionExpression: 'attribute_not_exists(id)' });
      if (await holds(client.send(put), 'PutItem')) return 'created';
      // A try whose answer was lost is made again by the SDK, and then meets its own item.
      return (await find(org.id))?.revision === textOf(org) ? 'created' : 'exists';
    },

    async replace(org, revision) {
      const put = new PutItemCommand({ TableName: table, Item: orgItem(org), ...unchanged(revision) });
      if (await holds(client.send(put), 'PutItem')) return 'replaced';
      return (await find(org.id))?.revision === textOf(org) ? 'replaced' : 'changed';
    },

    async remove(id, revision) {
      const remove = new DeleteItemCommand({ TableName: table, Key: { id: { S: id } }, ...unchanged(revision) });
      if (await holds(client.send(remove), 'DeleteItem')) return 'removed';
      return (await find(id)) === undefined ? 'removed' : 'changed';
    },
  };
}

async function allItems(client: DynamoDBClient, table: string): Promise<Item[]> {
  const items: Item[] = [];
  let start: Item | undefined;
  do {
    const scan = new ScanCommand({ TableName: table, ConsistentRead: true, ...(start === undefined ? {} : { ExclusiveStartKey: start }) });
    const { Items = [], LastEvaluatedKey } = await client.send(scan).catch(unavailable(code, 'Scan'));
    items.push(...Items);
    start = LastEvaluatedKey;
  } while (start !== undefined);
  return items;
}

const idOf = (item: Item): string => item['id']?.S ?? '';
/** By code units, which for the characters of an id is the order people expect. */
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Whether the condition of a write held. */
async function holds(write: Promise<unknown>, operation: string): Promise<boolean> {
  try {
    await write;
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    return unavailable(code, operation)(error);
  }
}
