import { gzipSync } from 'node:zlib';
import { UpdateItemCommand, type AttributeValue } from '@aws-sdk/client-dynamodb';
import { afterAll } from 'vitest';
import { dynamodbClient } from '#lib/dynamodb/client.ts';
import { createTables } from '#lib/dynamodb/create-tables.ts';
import { laneKeyOf, placeKeyOf, type PlaceKey } from '#lib/dynamodb/lane-item.ts';
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

async function overwrite(key: PlaceKey, name: string, value: AttributeValue): Promise<void> {
  const [names, values] = [{ '#name': name }, { ':value': value }];
  const update = { UpdateExpression: 'SET #name = :value', ExpressionAttributeNames: names, ExpressionAttributeValues: values };
  await client.send(new UpdateItemCommand({ TableName: 'lanes', Key: key, ...update }));
}

/** What is text was packed as ours is; anything else is no gzip either. */
const packed = (bytes: Uint8Array): Uint8Array => (bytes[0] === 0xff ? bytes : gzipSync(bytes));

laneStoreContract('dynamodb', () => ({
  store: dynamodbLaneStore({ client, table: 'lanes' }),
  killedAtWrite: (write) => dynamodbLaneStore({ client: clientKilledAtWrite(write), table: 'lanes' }),
  spoilPlace: (lane, position, bytes) => overwrite(placeKeyOf(lane, position), 'message', { B: packed(bytes) }),
  spoilLane: (lane) => overwrite(laneKeyOf(lane), 'reason', { S: 'no reason of ours' }),
}));
