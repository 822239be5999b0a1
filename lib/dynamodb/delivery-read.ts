import { BatchGetItemCommand, type AttributeValue, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Delivery } from '../delivery/delivery.ts';
import { RelayError } from '../errors.ts';
import { deliveryOf } from './delivery-item.ts';
import { unavailable } from './unavailable.ts';

const code = 'DELIVERY_STORE_UNAVAILABLE';
/** DynamoDB answers with at most 16 MB and leaves the rest unprocessed; a hundred deliveries are far below. What is left after these rounds was throttled. */
const maxRounds = 3;

/** The deliveries with these ids (100 at most), by id. One that is missing has expired since its index was read. */
export async function readDeliveries(
  { client, table }: { client: DynamoDBClient; table: string },
  ids: readonly string[],
): Promise<ReadonlyMap<string, Delivery>> {
  const found = new Map<string, Delivery>();
  // DynamoDB refuses a call that names an item twice; an index may, where it lags behind or lost a race with a crash.
  let keys: Record<string, AttributeValue>[] = [...new Set(ids)].map((id) => ({ id: { S: id } }));
  for (let round = 0; keys.length > 0; round += 1) {
    if (round === maxRounds)
      throw new RelayError(code, 'DynamoDB left a part of BatchGetItem undone', {
        facts: { operation: 'BatchGetItem', left: keys.length },
      });
    const command = new BatchGetItemCommand({ RequestItems: { [table]: { Keys: keys } } });
    const { Responses, UnprocessedKeys } = await client.send(command).catch(unavailable(code, 'BatchGetItem'));
    for (const delivery of (Responses?.[table] ?? []).map(deliveryOf)) found.set(delivery.id, delivery);
    keys = UnprocessedKeys?.[table]?.Keys ?? [];
  }
  return found;
}
