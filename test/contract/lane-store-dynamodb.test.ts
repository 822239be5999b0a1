import { afterAll } from 'vitest';
import { dynamodbClient } from '#lib/dynamodb/client.ts';
import { createTables } from '#lib/dynamodb/create-tables.ts';
import { dynamodbLaneStore } from '#lib/dynamodb/lane-store.ts';
import { startDynalite } from '../../local/emulators/dynalite.ts';
import { laneStoreContract } from './lane-store.contract.ts';

const dynalite = await startDynalite({});
const settings = { region: 'us-east-1', endpoint: dynalite.url };
const client = dynamodbClient(settings);
await createTables(client);
const killed: ReturnType<typeof dynamodbClient>[] = [];
afterAll(async () => {
  for (const one of [client, ...killed]) one.destroy();
  await dynalite.stop();
});

/** From this write on, nothing it sends arrives. */
function clientKilledAtWrite(write: number): ReturnType<typeof dynamodbClient> {
  const dying = dynamodbClient({ ...settings, maxAttempts: 1 });
  killed.push(dying);
  const { requestHandler } = dying.config;
  const handle = requestHandler.handle.bind(requestHandler);
  let writes = 0;
  requestHandler.handle = (request, options) => {
    if (/\.(Put|Update|Delete)Item$/.test(String(request.headers['x-amz-target']))) writes += 1;
    return writes >= write ? Promise.reject(new Error('killed')) : handle(request, options);
  };
  return dying;
}

laneStoreContract('dynamodb', () => ({
  store: dynamodbLaneStore({ client, table: 'lanes' }),
  killedAtWrite: (write) => dynamodbLaneStore({ client: clientKilledAtWrite(write), table: 'lanes' }),
}));
