import { paginateScan, UpdateItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';

/**
 * Gives up every lease in a table (deliveries, states). For local mode's start: whoever held one was this relay's last process, which is
 * gone, so waiting for the leases to end would only hold deliveries up. In AWS leases end by themselves.
 */
export async function releaseLeases(client: DynamoDBClient, options: { table: string; now: Date }): Promise<void> {
  const pages = paginateScan(
    { client },
    {
      TableName: options.table,
      ProjectionExpression: 'id',
      FilterExpression: 'leaseUntil > :now',
      ExpressionAttributeValues: { ':now': { S: options.now.toISOString() } },
    },
  );
  for await (const { Items = [] } of pages) {
    const releases = Items.flatMap(({ id }) => (id === undefined ? [] : [release(options.table, id)]));
    await Promise.all(releases.map((command) => client.send(command)));
  }
}

function release(table: string, id: { S?: string | undefined }): UpdateItemCommand {
  return new UpdateItemCommand({
    TableName: table,
    Key: { id: { S: id.S ?? '' } },
    UpdateExpression: 'REMOVE leaseUntil, #lease',
    ExpressionAttributeNames: { '#lease': 'lease' },
  });
}
