import { afterAll } from 'vitest';
import { dynamodbClient } from '#lib/dynamodb/client.ts';
import { createTables } from '#lib/dynamodb/create-tables.ts';
import { dynamodbStaleGuard } from '#lib/dynamodb/state-guard.ts';
import { startDynalite } from '../../local/emulators/dynalite.ts';
import { staleGuardContract } from './stale-guard.contract.ts';

const dynalite = await startDynalite({});
const client = dynamodbClient({ region: 'us-east-1', endpoint: dynalite.url });
await createTables(client);
afterAll(async () => {
  client.destroy();
  await dynalite.stop();
});

staleGuardContract('dynamodb', () => dynamodbStaleGuard({ client, table: 'states' }));
