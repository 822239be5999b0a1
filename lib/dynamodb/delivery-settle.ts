import {
  ConditionalCheckFailedException,
  GetItemCommand,
  UpdateItemCommand,
  type AttributeValue,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import type { Settlement } from '../delivery/delivery.ts';
import { attemptAttribute } from './delivery-item.ts';
import { unavailable } from './unavailable.ts';

const code = 'DELIVERY_STORE_UNAVAILABLE';

/**
 * Records what became of a claimed delivery and ends its lease, in one conditional write. A lease that ran out still counts
 * as long as nobody else has taken the delivery: what happened, happened.
 * `lease` stays in the record and `leaseUntil` goes: so a second try of the same write is told from a lost one.
 * @throws RelayError DELIVERY_STORE_UNAVAILABLE
 */
export async function settleDelivery(
  store: { client: DynamoDBClient; table: string },
  settlement: Settlement,
): Promise<'settled' | 'lost'> {
  const { client, table } = store;
  const key = { TableName: table, Key: { id: { S: settlement.id } } };
  try {
    await client.send(
      new UpdateItemCommand({
        ...key,
        ConditionExpression: '#lease = :lease AND attribute_exists(leaseUntil)',
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        ...updateOf(settlement),
      }),
    );
    return 'settled';
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) return unavailable(code, 'UpdateItem')(error);
    const found =
      error.Item ?? (await client.send(new GetItemCommand({ ...key, ConsistentRead: true })).catch(unavailable(code, 'GetItem'))).Item;
    const ours = found?.['lease']?.S === settlement.lease && found['leaseUntil'] === undefined;
    return ours ? 'settled' : 'lost';
  }
}

function updateOf({ lease, status, attempt, refused, nextAttemptAt }: Settlement) {
  const sets = ['#status = :status'];
  const removes = ['leaseUntil'];
  const values: Record<string, AttributeValue> = { ':lease': { S: lease }, ':status': { S: status } };
  if (attempt !== undefined) {
    sets.push(
      'attempts = list_append(attempts, :attempt)',
      'attemptCount = attemptCount + :one',
      'refusalCount = refusalCount + :refusals',
    );
    Object.assign(values, {
      ':attempt': { L: [attemptAttribute(attempt)] },
      ':one': { N: '1' },
      ':refusals': { N: refused === true ? '1' : '0' },
    });
  }
  if (nextAttemptAt === undefined) removes.push('nextAttemptAt');
  else {
    sets.push('nextAttemptAt = :next');
    values[':next'] = { S: nextAttemptAt.toISOString() };
  }
  return {
    UpdateExpression: `SET ${sets.join(', ')} REMOVE ${removes.join(', ')}`,
    ExpressionAttributeNames: { '#status': 'status', '#lease': 'lease' },
    ExpressionAttributeValues: values,
  };
}
