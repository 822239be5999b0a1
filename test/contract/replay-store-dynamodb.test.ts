import { DeleteItemCommand } from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from 'vitest';
import { dynamodbClient } from '#lib/dynamodb/client.ts';
import { dynamodbReplayStore } from '#lib/dynamodb/replay-store.ts';
import { localRegion, startAwsEmulators } from '../../local/aws-emulators.ts';
import { replayStoreContract, storedReplay } from './replay-store.contract.ts';

async function open() {
  const aws = await startAwsEmulators();
  const client = dynamodbClient({ region: localRegion, endpoint: aws.dynamodbUrl });
  return {
    client,
    store: dynamodbReplayStore({ client, table: 'replays' }),
    async stop() {
      client.destroy();
      await aws.stop();
    },
  };
}

replayStoreContract('dynamodb', open);

describe('a claim on a subscription whose replay was never stored', () => {
  it('is respected for a minute, for its replay may be on its way, and taken over then', async () => {
    const { client, store, stop } = await open();
    const orphan = storedReplay(1);
    await store.create(orphan);
    await client.send(new DeleteItemCommand({ TableName: 'replays', Key: { kind: { S: 'replay' }, id: { S: orphan.id } } }));
    const later = (createdAt: string) => storedReplay(2, { subscription: orphan.subscription, createdAt });
    expect(await store.create(later('2026-11-22T06:00:59.000Z'))).toEqual({ kind: 'busy', active: orphan.id });
    expect(await store.create(later('2026-11-22T06:01:00.000Z'))).toEqual({ kind: 'created' });
    await stop();
  });
});
