import { DeleteItemCommand } from '@aws-sdk/client-dynamodb';
import { dynamodbClient } from '#lib/dynamodb/client.ts';
import { createTables } from '#lib/dynamodb/create-tables.ts';
import { dynamodbSubscriptionStore } from '#lib/dynamodb/subscription-store.ts';
import { startDynalite } from '../../local/emulators/dynalite.ts';
import { circuitStoreContract } from './circuit-store.contract.ts';
import { subscriptionStoreContract } from './subscription-store.contract.ts';

const start = async () => {
  const dynalite = await startDynalite({});
  const client = dynamodbClient({ region: 'us-east-1', endpoint: dynalite.url });
  await createTables(client);
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
      await dynalite.stop();
    },
  };
};

subscriptionStoreContract('dynamodb', start);
circuitStoreContract('dynamodb', start);
