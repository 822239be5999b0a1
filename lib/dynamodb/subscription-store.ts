import {
  ConditionalCheckFailedException,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
  type AttributeValue,
  type DynamoDBClient,
  type QueryCommandInput,
} from '@aws-sdk/client-dynamodb';
import * as z from 'zod';
import { RelayError } from '../errors.ts';
import {
  subscriptionIdSchema,
  subscriptionSchema,
  type Subscription,
  type SubscriptionPage,
  type SubscriptionStore,
} from '../subscriptions/subscription.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import { unavailable } from './unavailable.ts';

type Item = Record<string, AttributeValue>;

const code = 'SUBSCRIPTION_STORE_UNAVAILABLE';
/** All of them are in one partition of the table, sorted by id; see lib/dynamodb/tables.ts. */
const partition = { S: 'subscription' };
const placeSchema = z.tuple([z.literal('subscriptions'), subscriptionIdSchema]);

/** Subscriptions in DynamoDB. Reads are consistent: what was deleted or switched off is seen by the next read. */
export function dynamodbSubscriptionStore({ client, table }: { client: DynamoDBClient; table: string }): SubscriptionStore {
  const query = (input: Partial<QueryCommandInput>) =>
    client
      .send(
        new QueryCommand({
          TableName: table,
          ConsistentRead: true,
          KeyConditionExpression: '#kind = :kind',
          ExpressionAttributeNames: { '#kind': 'kind' },
          ExpressionAttributeValues: { ':kind': partition },
          ...input,
        }),
      )
      .catch(unavailable(code, 'Query'));

  async function find(id: Subscription['id']): Promise<Subscription | undefined> {
    const { Item } = await client
      .send(new GetItemCommand({ TableName: table, Key: { kind: partition, id: { S: id } }, ConsistentRead: true }))
      .catch(unavailable(code, 'GetItem'));
    return Item === undefined ? undefined : subscriptionOf(Item);
  }

  return {
    find,

    async all() {
      const subscriptions: Subscription[] = [];
      let start: Item | undefined;
      do {
        const { Items = [], LastEvaluatedKey } = await query(start === undefined ? {} : { ExclusiveStartKey: start });
        subscriptions.push(...Items.map(subscriptionOf));
        start = LastEvaluatedKey;
      } while (start !== undefined);
      return subscriptions;
    },

    async list({ limit, cursor }): Promise<SubscriptionPage> {
      const place = cursor === undefined ? undefined : decodeCursor(cursor, placeSchema);
      if (cursor !== undefined && place === undefined) return { kind: 'bad-cursor' };
      const start = place === undefined ? {} : { ExclusiveStartKey: { kind: partition, id: { S: place[1] } } };
      // One more than asked for tells whether there is a next page.
      const { Items = [], LastEvaluatedKey } = await query({ ScanIndexForward: false, Limit: limit + 1, ...start });
      const data = Items.slice(0, limit).map(subscriptionOf);
      const last = data.at(-1);
      const more = Items.length > limit || LastEvaluatedKey !== undefined;
      return { kind: 'page', data, nextCursor: more && last !== undefined ? encodeCursor(['subscriptions', last.id]) : null };
    },

    async create(subscription) {
      const put = new PutItemCommand({ TableName: table, Item: itemOf(subscription), ConditionExpression: 'attribute_not_exists(id)' });
      if (await holds(client.send(put), 'PutItem')) return 'created';
      // A try whose answer was lost is made again by the SDK, and then meets its own item.
      const existing = await find(subscription.id);
      return JSON.stringify(existing) === JSON.stringify(subscriptionSchema.parse(subscription)) ? 'created' : 'exists';
    },

    async setStatus(id, status, at) {
      const update = new UpdateItemCommand({
        TableName: table,
        Key: { kind: partition, id: { S: id } },
        ConditionExpression: 'attribute_exists(id)',
        UpdateExpression: 'SET #status = :status, updatedAt = :at',
        ExpressionAttributeNames: { '#status': 'status' },
        ExpressionAttributeValues: { ':status': { S: status }, ':at': { S: at.toISOString() } },
      });
      await holds(client.send(update), 'UpdateItem');
    },
  };
}

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

/** What changes by itself is an attribute of its own; the rest is written once and kept as JSON. */
function itemOf({ status, updatedAt, ...fixed }: Subscription): Item {
  return {
    kind: partition,
    id: { S: fixed.id },
    status: { S: status },
    updatedAt: { S: updatedAt },
    subscription: { S: JSON.stringify(fixed) },
  };
}

/**
 * An item that cannot be read stops its readers rather than being passed over: a subscriber left out of fan-out would miss
 * changes in silence, while a log that waits loses nothing and raises the alarm.
 */
function subscriptionOf(item: Item): Subscription {
  try {
    const fixed = z.record(z.string(), z.unknown()).parse(JSON.parse(item['subscription']?.S ?? 'null'));
    return subscriptionSchema.parse({ ...fixed, id: item['id']?.S, status: item['status']?.S, updatedAt: item['updatedAt']?.S });
  } catch (cause) {
    throw new RelayError(code, 'A stored subscription cannot be read', { facts: { subscription: item['id']?.S ?? '?' }, cause });
  }
}
