import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
  type AttributeValue,
} from '@aws-sdk/client-dynamodb';
import type { Item } from './delivery-item.ts';
import type { LaneTable } from './lane-item.ts';
import { unavailable } from './unavailable.ts';

const code = 'DELIVERY_STORE_UNAVAILABLE';

/** What came of a conditional write: the item as it is now, or as the condition found it (undefined: there is none). */
export type WriteOutcome =
  { readonly kind: 'written'; readonly item: Item } | { readonly kind: 'refused'; readonly found: Item | undefined };

/** Attributes that must have these values. Null: that must be absent. */
type Condition = Readonly<Record<string, AttributeValue | null>>;

interface Update {
  readonly key: Item;
  readonly when: Condition;
  readonly set?: Item;
  readonly remove?: readonly string[];
}

/** @throws RelayError DELIVERY_STORE_UNAVAILABLE */
export async function updateItem(lanes: LaneTable, { key, when, set = {}, remove = [] }: Update): Promise<WriteOutcome> {
  const sets = Object.entries(set);
  const command = new UpdateItemCommand({
    TableName: lanes.table,
    Key: key,
    UpdateExpression: [
      ...(sets.length === 0 ? [] : [`SET ${sets.map(([name]) => `#${name} = :to_${name}`).join(', ')}`]),
      ...(remove.length === 0 ? [] : [`REMOVE ${remove.map((name) => `#${name}`).join(', ')}`]),
    ].join(' '),
    ConditionExpression: expressionOf(when),
    ExpressionAttributeNames: namesOf([...Object.keys(when), ...Object.keys(set), ...remove]),
    ExpressionAttributeValues: { ...valuesOf(when), ...Object.fromEntries(sets.map(([name, value]) => [`:to_${name}`, value])) },
    ReturnValues: 'ALL_NEW',
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  });
  const writing = lanes.client.send(command).then(({ Attributes = {} }) => Attributes);
  return outcomeOf(lanes, { writing, key, operation: 'UpdateItem' });
}

/** Writes an item where there is none. @throws RelayError DELIVERY_STORE_UNAVAILABLE */
export async function addItem(lanes: LaneTable, key: Item, item: Item): Promise<WriteOutcome> {
  const command = new PutItemCommand({
    TableName: lanes.table,
    Item: item,
    ConditionExpression: 'attribute_not_exists(id)',
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  });
  return outcomeOf(lanes, { writing: lanes.client.send(command).then(() => item), key, operation: 'PutItem' });
}

/** @throws RelayError DELIVERY_STORE_UNAVAILABLE */
export async function deleteItem(lanes: LaneTable, key: Item, when: Condition): Promise<WriteOutcome> {
  const conditions =
    Object.keys(when).length === 0
      ? {}
      : {
          ConditionExpression: expressionOf(when),
          ExpressionAttributeNames: namesOf(Object.keys(when)),
          ExpressionAttributeValues: valuesOf(when),
        };
  const command = new DeleteItemCommand({
    TableName: lanes.table,
    Key: key,
    ...conditions,
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  });
  return outcomeOf(lanes, { writing: lanes.client.send(command).then(() => ({})), key, operation: 'DeleteItem' });
}

/** Consistent. @throws RelayError DELIVERY_STORE_UNAVAILABLE */
export async function readItem({ client, table }: LaneTable, key: Item): Promise<Item | undefined> {
  const command = new GetItemCommand({ TableName: table, Key: key, ConsistentRead: true });
  return (await client.send(command).catch(unavailable(code, 'GetItem'))).Item;
}

async function outcomeOf(
  lanes: LaneTable,
  { writing, key, operation }: { writing: Promise<Item>; key: Item; operation: string },
): Promise<WriteOutcome> {
  try {
    return { kind: 'written', item: await writing };
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) return unavailable(code, operation)(error);
    // An emulator does not send the item along; DynamoDB does, unless there is none.
    return { kind: 'refused', found: error.Item ?? (await readItem(lanes, key)) };
  }
}

function expressionOf(when: Condition): string {
  return Object.entries(when)
    .map(([name, value]) => (value === null ? `attribute_not_exists(#${name})` : `#${name} = :is_${name}`))
    .join(' AND ');
}

function namesOf(attributes: readonly string[]): Record<string, string> {
  return Object.fromEntries(attributes.map((name) => [`#${name}`, name]));
}

function valuesOf(when: Condition): Item {
  return Object.fromEntries(Object.entries(when).flatMap(([name, value]) => (value === null ? [] : [[`:is_${name}`, value]])));
}
