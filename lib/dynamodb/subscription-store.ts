import {
  ConditionalCheckFailedException,
  PutItemCommand,
  QueryCommand,
  type DynamoDBClient,
  type QueryCommandInput,
} from '@aws-sdk/client-dynamodb';
import * as z from 'zod';
import {
  subscriptionIdSchema,
  subscriptionSchema,
  type CircuitStore,
  type Subscription,
  type SubscriptionPage,
  type SubscriptionStore,
} from '../subscriptions/subscription.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import { subscriptionChanges } from './subscription-changes.ts';
import { subscriptionCircuits } from './subscription-circuits.ts';
import { itemOf, subscriptionKeyOf, subscriptionOf, subscriptionPartition, type Item } from './subscription-item.ts';
import { readSubscription } from './subscription-write.ts';
import { unavailable } from './unavailable.ts';

const code = 'SUBSCRIPTION_STORE_UNAVAILABLE';
const placeSchema = z.tuple([z.literal('subscriptions'), subscriptionIdSchema]);

/** Subscriptions and their circuits in DynamoDB. Reads are consistent: what was deleted or switched off is seen by the next read. */
export function dynamodbSubscriptionStore(store: { client: DynamoDBClient; table: string }): SubscriptionStore & CircuitStore {
  const find = async (id: Subscription['id']): Promise<Subscription | undefined> => {
    const item = await readSubscription(store, id);
    return item === undefined ? undefined : subscriptionOf(item);
  };
  return {
    find,
    all: () => all(store),
    list: (page) => list(store, page),

    async create(subscription) {
      const put = new PutItemCommand({
        TableName: store.table,
        Item: itemOf(subscription),
        ConditionExpression: 'attribute_not_exists(id)',
      });
      try {
        await store.client.send(put);
        return 'created';
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException)) return unavailable(code, 'PutItem')(error);
      }
      // A try whose answer was lost is made again by the SDK, and then meets its own item.
      const existing = await find(subscription.id);
      return JSON.stringify(existing) === JSON.stringify(subscriptionSchema.parse(subscription)) ? 'created' : 'exists';
    },

    ...subscriptionChanges(store),
    ...subscriptionCircuits(store),
  };
}

interface Store {
  readonly client: DynamoDBClient;
  readonly table: string;
}

async function query({ client, table }: Store, input: Partial<QueryCommandInput>): Promise<{ items: Item[]; next: Item | undefined }> {
  const command = new QueryCommand({
    TableName: table,
    ConsistentRead: true,
    KeyConditionExpression: '#kind = :kind',
    ExpressionAttributeNames: { '#kind': 'kind' },
    ExpressionAttributeValues: { ':kind': subscriptionPartition },
    ...input,
  });
  const { Items = [], LastEvaluatedKey } = await client.send(command).catch(unavailable(code, 'Query'));
  return { items: Items, next: LastEvaluatedKey };
}

async function all(store: Store): Promise<Subscription[]> {
  const subscriptions: Subscription[] = [];
  let start: Item | undefined;
  do {
    const { items, next } = await query(store, start === undefined ? {} : { ExclusiveStartKey: start });
    subscriptions.push(...items.map(subscriptionOf));
    start = next;
  } while (start !== undefined);
  return subscriptions;
}

async function list(store: Store, { limit, cursor }: Parameters<SubscriptionStore['list']>[0]): Promise<SubscriptionPage> {
  const place = cursor === undefined ? undefined : decodeCursor(cursor, placeSchema);
  if (cursor !== undefined && place === undefined) return { kind: 'bad-cursor' };
  const found: Subscription[] = [];
  let start = place === undefined ? undefined : subscriptionKeyOf(place[1]);
  do {
    // One more than asked for tells whether there is a next page. Deleted ones are few, for they are purged within minutes.
    const from = start === undefined ? {} : { ExclusiveStartKey: start };
    const { items, next } = await query(store, { ScanIndexForward: false, Limit: limit + 1, ...from });
    found.push(...items.map(subscriptionOf).filter(({ status }) => status !== 'deleted'));
    start = next;
  } while (start !== undefined && found.length <= limit);
  const data = found.slice(0, limit);
  const last = data.at(-1);
  return { kind: 'page', data, nextCursor: found.length > limit && last !== undefined ? encodeCursor(['subscriptions', last.id]) : null };
}
