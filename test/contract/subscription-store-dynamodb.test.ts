import { DeleteItemCommand } from '@aws-sdk/client-dynamodb';
import { dynamodbClient } from '#lib/dynamodb/client.ts';
import { dynamodbSubscriptionStore } from '#lib/dynamodb/subscription-store.ts';
import { localRegion, startAwsEmulators } from '../../local/aws-emulators.ts';
import { subscriptionStoreContract } from './subscription-store.contract.ts';

subscriptionStoreContract('dynamodb', async () => {
  const aws = await startAwsEmulators();
  const client = dynamodbClient({ region: localRegion, endpoint: aws.dynamodbUrl });
  const store = dynamodbSubscriptionStore({ client, table: 'subscriptions' });
  return {
    store,
    async clear() {
      const ids = (await store.all()).map(({ id }) => id);
      await Promise.all(
        ids.map((id) =>
          client.send(new DeleteItemCommand({ TableName: 'subscriptions', Key: { kind: { S: 'subscription' }, id: { S: id } } })),
        ),
      );
    },
    async stop() {
      client.destroy();
      await aws.stop();
    },
  };
});
