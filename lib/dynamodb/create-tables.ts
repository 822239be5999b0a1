import {
  CreateTableCommand,
  DescribeTableCommand,
  ResourceNotFoundException,
  type AttributeDefinition,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import { tables, type TableDefinition } from './tables.ts';

/** Creates what is missing of lib/dynamodb/tables.ts under its own names. For local mode and tests; in AWS the stack does it. */
export async function createTables(client: DynamoDBClient): Promise<void> {
  await Promise.all(Object.entries(tables).map(([name, definition]) => createTable(client, name, definition)));
}

async function createTable(client: DynamoDBClient, name: string, table: TableDefinition): Promise<void> {
  if (await exists(client, name)) return;
  const keys = [table.partitionKey, table.sortKey, ...table.indexes.flatMap((index) => [index.partitionKey, index.sortKey])];
  const attributes: AttributeDefinition[] = [...new Set(keys)].flatMap((key) =>
    key === undefined ? [] : [{ AttributeName: key, AttributeType: 'S' }],
  );
  await client.send(
    new CreateTableCommand({
      TableName: name,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: attributes,
      KeySchema: keySchema(table.partitionKey, table.sortKey),
      ...(table.indexes.length === 0
        ? {}
        : {
            GlobalSecondaryIndexes: table.indexes.map((index) => ({
              IndexName: index.name,
              KeySchema: keySchema(index.partitionKey, index.sortKey),
              Projection: {
                ProjectionType: index.projection,
                ...(index.attributes === undefined ? {} : { NonKeyAttributes: [...index.attributes] }),
              },
            })),
          }),
    }),
  );
  while (!(await exists(client, name)));
}

function keySchema(partitionKey: string, sortKey: string | undefined) {
  return [
    { AttributeName: partitionKey, KeyType: 'HASH' as const },
    ...(sortKey === undefined ? [] : [{ AttributeName: sortKey, KeyType: 'RANGE' as const }]),
  ];
}

async function exists(client: DynamoDBClient, name: string): Promise<boolean> {
  try {
    const { Table } = await client.send(new DescribeTableCommand({ TableName: name }));
    return Table?.TableStatus === 'ACTIVE';
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return false;
    throw error;
  }
}
