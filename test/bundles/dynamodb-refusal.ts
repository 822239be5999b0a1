import { ConditionalCheckFailedException, DynamoDBClient, DynamoDBServiceException, PutItemCommand } from '@aws-sdk/client-dynamodb';

/** Bundled by stand-ins.test.ts: what the client of a bundle makes of a service that refuses a write. */
export async function refusalOf(endpoint: string) {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = new DynamoDBClient({ region: 'eu-central-1', endpoint, credentials, maxAttempts: 1 });
  try {
    await client.send(new PutItemCommand({ TableName: 'any', Item: { id: { S: 'any' } } }));
    return undefined;
  } catch (error) {
    if (!(error instanceof DynamoDBServiceException)) throw error;
    const found = error instanceof ConditionalCheckFailedException ? error.Item : undefined;
    return { name: error.name, found };
  } finally {
    client.destroy();
  }
}
