import { BatchGetItemCommand, GetItemCommand, type AttributeValue, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { DeadLetter, Delivery, DeliveryId, UnreadableLetter } from '../delivery/delivery.ts';
import { RelayError } from '../errors.ts';
import { deliveryOf, deliveryProjection } from './delivery-item.ts';
import { unpackedMessage } from './packed-message.ts';
import { unavailable } from './unavailable.ts';

const code = 'DELIVERY_STORE_UNAVAILABLE';
/**
 * DynamoDB reads at most 16 MB at a time and leaves the rest unprocessed. A hundred deliveries with the largest letters are 40 MB, so three rounds;
 * what is left after twice as many was throttled.
 */
const maxRounds = 6;

type Table = { readonly client: DynamoDBClient; readonly table: string };
type ReadTable = Table & { readonly now: () => Date };

/** Consistent. @throws RelayError DELIVERY_STORE_UNAVAILABLE */
export async function findDelivery({ client, table }: Table, id: DeliveryId): Promise<Delivery | undefined> {
  const command = new GetItemCommand({ TableName: table, Key: { id: { S: id } }, ConsistentRead: true, ...deliveryProjection });
  const { Item } = await client.send(command).catch(unavailable(code, 'GetItem'));
  return Item === undefined ? undefined : deliveryOf(Item);
}

/** Consistent. @throws RelayError DELIVERY_STORE_UNAVAILABLE */
export async function findLetter({ client, table, now }: ReadTable, id: DeliveryId): Promise<DeadLetter | UnreadableLetter | undefined> {
  const command = new GetItemCommand({ TableName: table, Key: { id: { S: id } }, ConsistentRead: true });
  const { Item } = await client.send(command).catch(unavailable(code, 'GetItem'));
  if (Item?.['status']?.S !== 'dead' || Item['letter'] === undefined) return undefined;
  // DynamoDB takes an item away some time after it expired. What was newer than the letter may be forgotten by then.
  if (Number(Item['expiresAt']?.N) * 1_000 <= now().getTime()) return undefined;
  const letter = await unpackedMessage(Item['letter']);
  return letter.kind === 'readable' ? { delivery: deliveryOf(Item), message: letter.message } : { unreadable: id };
}

/** The deliveries with these ids (100 at most), by id. One that is missing has expired since its index was read. */
export async function readDeliveries({ client, table }: Table, ids: readonly string[]): Promise<ReadonlyMap<string, Delivery>> {
  const found = new Map<string, Delivery>();
  // DynamoDB refuses a call that names an item twice; an index may, where it lags behind or lost a race with a crash.
  let keys: Record<string, AttributeValue>[] = [...new Set(ids)].map((id) => ({ id: { S: id } }));
  for (let round = 0; keys.length > 0; round += 1) {
    if (round === maxRounds)
      throw new RelayError(code, 'DynamoDB left a part of BatchGetItem undone', {
        facts: { operation: 'BatchGetItem', left: keys.length },
      });
    const command = new BatchGetItemCommand({ RequestItems: { [table]: { Keys: keys, ...deliveryProjection } } });
    const { Responses, UnprocessedKeys } = await client.send(command).catch(unavailable(code, 'BatchGetItem'));
    for (const delivery of (Responses?.[table] ?? []).map(deliveryOf)) found.set(delivery.id, delivery);
    keys = UnprocessedKeys?.[table]?.Keys ?? [];
  }
  return found;
}
