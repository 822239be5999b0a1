import { ConditionalCheckFailedException, GetItemCommand, UpdateItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { deliveryRetentionDays, type Claim, type DeliveryId, type DeliveryStatus, type DeliveryStore } from '../delivery/delivery.ts';
import { RelayError } from '../errors.ts';
import { fixedAttributesOf, type Item } from './delivery-item.ts';
import { unavailable } from './unavailable.ts';

type Table = { readonly client: DynamoDBClient; readonly table: string };
type ClaimRequest = Parameters<DeliveryStore['claim']>[0];

const code = 'DELIVERY_STORE_UNAVAILABLE';
const daySeconds = 24 * 60 * 60;
/** A refused claim may find, when it looks why, that the obstacle is gone; it then tries again. More rounds than these are no race any more. */
const maxRounds = 3;

/**
 * Takes a delivery with one conditional write, which also creates its record.
 * A delivery is free when it has no record, or is not final, its lease has ended and its next attempt is due.
 * @throws RelayError DELIVERY_STORE_UNAVAILABLE
 */
export async function claimDelivery(store: Table, request: ClaimRequest): Promise<Claim> {
  const command = claimCommand(store.table, request);
  for (let round = 0; round < maxRounds; round += 1) {
    try {
      const { Attributes = {} } = await store.client.send(command);
      return claimed(Attributes);
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) return unavailable(code, 'UpdateItem')(error);
      const found = error.Item ?? (await read(store, request.message.delivery));
      const obstacle = found === undefined ? undefined : obstacleIn(found, request);
      if (obstacle !== undefined) return obstacle;
    }
  }
  throw new RelayError(code, 'A delivery could not be claimed although nobody held it', { facts: { delivery: request.message.delivery } });
}

function claimCommand(table: string, { message, lease, now, leaseMs }: ClaimRequest): UpdateItemCommand {
  const fixed = Object.entries(fixedAttributesOf(message, now));
  const expiresAt = Math.floor(now.getTime() / 1000) + deliveryRetentionDays * daySeconds;
  return new UpdateItemCommand({
    TableName: table,
    Key: { id: { S: message.delivery } },
    ConditionExpression: `attribute_not_exists(id) OR (#status IN (:pending, :parked)
      AND (attribute_not_exists(leaseUntil) OR leaseUntil <= :now) AND (attribute_not_exists(nextAttemptAt) OR nextAttemptAt <= :now))`,
    UpdateExpression: `SET #lease = :lease, leaseUntil = :leaseUntil, expiresAt = :expiresAt,
      #status = if_not_exists(#status, :pending), attempts = if_not_exists(attempts, :none),
      attemptCount = if_not_exists(attemptCount, :zero), refusalCount = if_not_exists(refusalCount, :zero),
      ${fixed.map((_, index) => `#f${index} = if_not_exists(#f${index}, :f${index})`).join(', ')}`,
    ExpressionAttributeNames: {
      '#status': 'status',
      '#lease': 'lease',
      ...Object.fromEntries(fixed.map(([name], index) => [`#f${index}`, name])),
    },
    ExpressionAttributeValues: {
      ':lease': { S: lease },
      ':leaseUntil': { S: new Date(now.getTime() + leaseMs).toISOString() },
      ':now': { S: now.toISOString() },
      ':expiresAt': { N: String(expiresAt) },
      ':pending': { S: 'pending' },
      ':parked': { S: 'parked' },
      ':none': { L: [] },
      ':zero': { N: '0' },
      ...Object.fromEntries(fixed.map(([, value], index) => [`:f${index}`, value])),
    },
    ReturnValues: 'ALL_NEW',
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  });
}

function claimed(item: Item): Claim {
  return { kind: 'claimed', attempts: Number(item['attemptCount']?.N ?? 0), refusals: Number(item['refusalCount']?.N ?? 0) };
}

/** Why a delivery cannot be claimed now; undefined when by now it can. */
function obstacleIn(item: Item, { lease, now }: ClaimRequest): Claim | undefined {
  const status = item['status']?.S as DeliveryStatus | undefined; // only ever written from a DeliveryStatus
  if (status !== undefined && status !== 'pending' && status !== 'parked') return { kind: 'settled', status };
  const leaseUntil = item['leaseUntil']?.S;
  // The answer to our own write was lost and the SDK made it again: the lease it met is this one.
  if (leaseUntil !== undefined && item['lease']?.S === lease) return claimed(item);
  const until = [leaseUntil, item['nextAttemptAt']?.S]
    .filter((time) => time !== undefined)
    .sort()
    .at(-1);
  return until === undefined || until <= now.toISOString() ? undefined : { kind: 'not-yet', until: new Date(until) };
}

async function read({ client, table }: Table, id: DeliveryId): Promise<Item | undefined> {
  const command = new GetItemCommand({ TableName: table, Key: { id: { S: id } }, ConsistentRead: true });
  return (await client.send(command).catch(unavailable(code, 'GetItem'))).Item;
}
