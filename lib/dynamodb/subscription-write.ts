import { ConditionalCheckFailedException, GetItemCommand, UpdateItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { OperatorEvent, SubscriptionId } from '../subscriptions/subscription.ts';
import { eventAttribute, subscriptionKeyOf, type Item } from './subscription-item.ts';
import { unavailable } from './unavailable.ts';

const code = 'SUBSCRIPTION_STORE_UNAVAILABLE';

export interface SubscriptionTable {
  readonly client: DynamoDBClient;
  readonly table: string;
}

/** Parts of one update: `set` and `remove` are lists of clauses, `when` a list of conditions that must all hold. */
export interface Write {
  readonly when: readonly string[];
  readonly set?: readonly string[];
  readonly remove?: readonly string[];
  readonly names?: Readonly<Record<string, string>>;
  readonly values?: Item;
}

export type Written = { readonly kind: 'written' } | { readonly kind: 'refused'; readonly found: Item | undefined };

/**
 * One conditional write of one subscription that is there. `refused` comes with the item as it stands, read after the refusal where the store does
 * not send it along.
 * @throws RelayError SUBSCRIPTION_STORE_UNAVAILABLE
 */
export async function writeSubscription(store: SubscriptionTable, id: SubscriptionId, write: Write): Promise<Written> {
  const { when, set = [], remove = [], names = {}, values = {} } = write;
  const clauses = [set.length > 0 ? `SET ${set.join(', ')}` : '', remove.length > 0 ? `REMOVE ${remove.join(', ')}` : ''];
  const command = new UpdateItemCommand({
    TableName: store.table,
    Key: subscriptionKeyOf(id),
    ConditionExpression: ['attribute_exists(id)', ...when].join(' AND '),
    UpdateExpression: clauses.join(' '),
    ...(Object.keys(names).length > 0 ? { ExpressionAttributeNames: names } : {}),
    ...(Object.keys(values).length > 0 ? { ExpressionAttributeValues: values } : {}),
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  });
  try {
    await store.client.send(command);
    return { kind: 'written' };
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) return unavailable(code, 'UpdateItem')(error);
    return { kind: 'refused', found: error.Item ?? (await readSubscription(store, id)) };
  }
}

/** Consistent. @throws RelayError SUBSCRIPTION_STORE_UNAVAILABLE */
export async function readSubscription({ client, table }: SubscriptionTable, id: SubscriptionId): Promise<Item | undefined> {
  const command = new GetItemCommand({ TableName: table, Key: subscriptionKeyOf(id), ConsistentRead: true });
  return (await client.send(command).catch(unavailable(code, 'GetItem'))).Item;
}

/** Appends an event, and notes when one of its kind was told last. */
export function appending(event: OperatorEvent | undefined): { set: readonly string[]; names: Record<string, string>; values: Item } {
  if (event === undefined) return { set: [], names: {}, values: {} };
  return {
    set: ['operatorEvents = list_append(if_not_exists(operatorEvents, :noEvents), :events)', '#toldAt = :toldAt'],
    names: { '#toldAt': toldAtOf(event.kind) },
    values: { ':noEvents': { L: [] }, ':events': { L: [eventAttribute(event)] }, ':toldAt': { S: event.at } },
  };
}

export function toldAtOf(kind: OperatorEvent['kind']): string {
  return `${kind}ToldAt`;
}

/** Whether the event waits in the item: the SDK makes a write again whose answer was lost, and then meets what it wrote itself. */
export function holdsEvent(found: Item | undefined, event: OperatorEvent): boolean {
  return found?.['operatorEvents']?.L?.some(({ M }) => M?.['id']?.S === event.id) ?? false;
}
