import { ConditionalCheckFailedException, UpdateItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { DeliveryStore } from '../delivery/delivery.ts';
import { recordParts } from './delivery-record.ts';
import { unavailable } from './unavailable.ts';

/**
 * Notes with one conditional write that a delivery waits in a parked lane.
 * @throws RelayError DELIVERY_STORE_UNAVAILABLE
 */
export async function parkDelivery(
  { client, table }: { client: DynamoDBClient; table: string },
  { message, now }: Parameters<DeliveryStore['park']>[0],
): Promise<void> {
  const record = recordParts(message, now);
  const command = new UpdateItemCommand({
    TableName: table,
    Key: { id: { S: message.delivery } },
    ConditionExpression: 'attribute_not_exists(id) OR #status IN (:pending, :parked)',
    UpdateExpression: `SET #status = :parked, ${record.sets.join(', ')}`,
    ExpressionAttributeNames: { '#status': 'status', ...record.names },
    ExpressionAttributeValues: { ':pending': { S: 'pending' }, ':parked': { S: 'parked' }, ...record.values },
  });
  try {
    await client.send(command);
  } catch (error) {
    // It is settled, and stays so: who works the lane finds that out when he claims it.
    if (!(error instanceof ConditionalCheckFailedException)) unavailable('DELIVERY_STORE_UNAVAILABLE', 'UpdateItem')(error);
  }
}
