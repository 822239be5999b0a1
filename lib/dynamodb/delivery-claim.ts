import { ConditionalCheckFailedException, GetItemCommand, UpdateItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Claim, DeliveryId, DeliveryStatus, DeliveryStore } from '../delivery/delivery.ts';
import { RelayError } from '../errors.ts';
import type { Item } from './delivery-item.ts';
import { recordParts } from './delivery-record.ts';
import { unavailable } from './unavailable.ts';

type Table = { readonly client: DynamoDBClient; readonly table: string };
type ClaimRequest = Parameters<DeliveryStore['claim']>[0];

const code = 'DELIVERY_STORE_UNAVAILABLE';
/** A refused claim may find, when it looks why, that the obstacle is gone; it then tries again. More rounds than these are no race any more. */
const maxRounds = 3;

/**
 * Takes a delivery with one conditional write, which also creates its record.
 * A delivery is free when it has no record, or is not final, its lease has ended and its next attempt is due (or `early` says that it need not be).
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

function claimCommand(table: string, { message, lease, now, leaseMs, early = false }: ClaimRequest): UpdateItemCommand {
  const record = recordParts(message, now);
  const due = early ? '' : 'AND (attribute_not_exists(nextAttemptAt) OR nextAttemptAt <= :now)';
  return new UpdateItemCommand({
    TableName: table,
    Key: { id: { S: message.delivery } },
    ConditionExpression: `attribute_not_exists(id) OR (#status IN (:pending, :parked)
      AND (attribute_not_exists(leaseUntil) OR leaseUntil <= :now) ${due})`,
    UpdateExpression: `SET #lease = :lease, leaseUntil = :leaseUntil, #status = if_not_exists(#status, :pending), ${record.sets.join(', ')}`,
    ExpressionAttributeNames: { '#status': 'status', '#lease': 'lease', ...record.names },
    ExpressionAttributeValues: {
      ':lease': { S: lease },
      ':leaseUntil': { S: new Date(now.getTime() + leaseMs).toISOString() },
      ':now': { S: now.toISOString() },
      ':pending': { S: 'pending' },
      ':parked': { S: 'parked' },
      ...record.values,
    },
    ReturnValues: 'ALL_NEW',
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  });
}

/** Every write that makes a record writes these. */
function claimed(item: Item): Claim {
  return {
    kind: 'claimed',
    attempts: Number(item['attemptCount']?.N),
    refusals: Number(item['refusalCount']?.N),
    createdAt: new Date(item['createdAt']?.S ?? Number.NaN),
  };
}

/** Why a delivery cannot be claimed now; undefined when by now it can. */
function obstacleIn(item: Item, { lease, now, early = false }: ClaimRequest): Claim | undefined {
  const status = item['status']?.S as DeliveryStatus | undefined; // only ever written from a DeliveryStatus
  if (status !== undefined && status !== 'pending' && status !== 'parked') return { kind: 'settled', status };
  const leaseUntil = item['leaseUntil']?.S ?? '';
  // The answer to our own write was lost and the SDK made it again: the lease it met is this one.
  if (leaseUntil !== '' && item['lease']?.S === lease) return claimed(item);
  const nextAttemptAt = early ? '' : (item['nextAttemptAt']?.S ?? '');
  const until = leaseUntil > nextAttemptAt ? leaseUntil : nextAttemptAt;
  if (until <= now.toISOString()) return undefined;
  return { kind: 'not-yet', why: leaseUntil > now.toISOString() ? 'leased' : 'waiting', until: new Date(until) };
}

async function read({ client, table }: Table, id: DeliveryId): Promise<Item | undefined> {
  const command = new GetItemCommand({ TableName: table, Key: { id: { S: id } }, ConsistentRead: true });
  return (await client.send(command).catch(unavailable(code, 'GetItem'))).Item;
}
