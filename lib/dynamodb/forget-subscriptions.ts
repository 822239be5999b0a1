import { DeleteItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { dynamodbSubscriptionStore } from './subscription-store.ts';

/** Deletes the subscriptions of this name: local mode's built-in subscriber registers anew at every start, with a new port and secret. */
export async function forgetSubscriptions(client: DynamoDBClient, options: { table: string; name: string }): Promise<void> {
  const subscriptions = await dynamodbSubscriptionStore({ client, table: options.table }).all();
  const stale = subscriptions.filter(({ name }) => name === options.name);
  await Promise.all(
    stale.map(({ id }) =>
      client.send(new DeleteItemCommand({ TableName: options.table, Key: { kind: { S: 'subscription' }, id: { S: id } } })),
    ),
  );
}
