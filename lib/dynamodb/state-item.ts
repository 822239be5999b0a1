import { GetItemCommand, type AttributeValue, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { GuardedState } from '../lanes/stale-guard.ts';
import type { StateRecord } from '../lanes/state-record.ts';
import { indexKeyOf, type Item } from './delivery-item.ts';
import { unavailable } from './unavailable.ts';

export interface StateTable {
  readonly client: DynamoDBClient;
  readonly table: string;
}

/** JSON, so that no source can spell another's state key. Ids of people, no name and no address. */
export function stateKeyOf({ subscription, source, stateKey }: GuardedState): Record<'id', AttributeValue> {
  return { id: { S: indexKeyOf(JSON.stringify([subscription, source, stateKey])) } };
}

/** Consistent: what was delivered before is seen. @throws RelayError DELIVERY_STORE_UNAVAILABLE */
export async function readState({ client, table }: StateTable, state: GuardedState): Promise<Item | undefined> {
  const command = new GetItemCommand({ TableName: table, Key: stateKeyOf(state), ConsistentRead: true });
  return (await client.send(command).catch(unavailable('DELIVERY_STORE_UNAVAILABLE', 'GetItem'))).Item;
}

export function stateOf(item: Item = {}): StateRecord {
  const leaseUntil = item['leaseUntil']?.S;
  return {
    delivered: item['delivered']?.S,
    doubt: item['doubt']?.S,
    begun: item['begun']?.S,
    lease: item['lease']?.S,
    leaseUntil: leaseUntil === undefined ? undefined : new Date(leaseUntil),
  };
}
