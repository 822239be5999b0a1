import { PutItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dynamodbClient } from '#lib/dynamodb/client.ts';
import { dynamodbSubscriptionStore } from '#lib/dynamodb/subscription-store.ts';
import { localRegion, startAwsEmulators, type AwsEmulators } from '../../../local/aws-emulators.ts';
import { storedSubscription } from '../subscriptions/stored-subscription.ts';

const unavailable = { name: 'RelayError', code: 'SUBSCRIPTION_STORE_UNAVAILABLE' };

describe('dynamodbSubscriptionStore', () => {
  let aws: AwsEmulators;
  let client: DynamoDBClient;
  beforeAll(async () => {
    aws = await startAwsEmulators();
    client = dynamodbClient({ region: localRegion, endpoint: aws.dynamodbUrl });
  });
  afterAll(async () => {
    client.destroy();
    await aws.stop();
  });

  it.each([
    ['is no JSON', { subscription: { S: '{' } }],
    ['has nothing in it', {}],
    ['has lost a field', { subscription: { S: '{"name":"x"}' }, status: { S: 'active' }, updatedAt: { S: '2026-11-21T12:00:00.000Z' } }],
  ])('throws rather than passing over an item that %s, and names it', async (_, rest) => {
    const store = dynamodbSubscriptionStore({ client, table: 'subscriptions' });
    const { id } = storedSubscription(1);
    await client.send(new PutItemCommand({ TableName: 'subscriptions', Item: { kind: { S: 'subscription' }, id: { S: id }, ...rest } }));
    const expected = { ...unavailable, facts: { subscription: id } };
    await expect(store.all()).rejects.toMatchObject(expected);
    await expect(store.find(id)).rejects.toMatchObject(expected);
    await expect(store.list({ limit: 1 })).rejects.toMatchObject(expected);
  });

  it.each([
    ['the table is missing', () => dynamodbSubscriptionStore({ client, table: 'nowhere' })],
    [
      'nobody listens',
      () =>
        dynamodbSubscriptionStore({
          client: dynamodbClient({ region: localRegion, endpoint: 'http://127.0.0.1:1' }),
          table: 'subscriptions',
        }),
    ],
  ])('is unavailable when %s', async (_, make) => {
    const store = make();
    const subscription = storedSubscription(2);
    await expect(store.all()).rejects.toMatchObject(unavailable);
    await expect(store.find(subscription.id)).rejects.toMatchObject(unavailable);
    await expect(store.list({ limit: 1 })).rejects.toMatchObject(unavailable);
    await expect(store.create(subscription)).rejects.toMatchObject(unavailable);
    await expect(store.setStatus(subscription.id, { status: 'disabled', from: ['active'], at: new Date() })).rejects.toMatchObject(
      unavailable,
    );
  });
});
