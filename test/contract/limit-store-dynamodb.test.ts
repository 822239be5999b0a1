import { afterAll } from 'vitest';
import { dynamodbClient } from '#lib/dynamodb/client.ts';
import { createTables } from '#lib/dynamodb/create-tables.ts';
import { dynamodbLimitStore } from '#lib/dynamodb/limit-store.ts';
import { startDynalite } from '../../local/emulators/dynalite.ts';
import { limitStoreContract } from './limit-store.contract.ts';

const dynalite = await startDynalite({});
const client = dynamodbClient({ region: 'us-east-1', endpoint: dynalite.url });
await createTables(client);
afterAll(async () => {
  client.destroy();
  await dynalite.stop();
});

limitStoreContract('dynamodb', () => dynamodbLimitStore({ client, table: 'limits' }));
