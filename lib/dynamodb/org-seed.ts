import { DeleteItemCommand, ScanCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Org } from '../okta/org.ts';
import { dynamodbOrgStore } from './org-store.ts';

/** Makes the orgs of the table exactly these: local mode's orgs are what its flags and file say, no more. */
export async function seedOrgs(client: DynamoDBClient, options: { table: string; orgs: readonly Org[] }): Promise<void> {
  const { table, orgs } = options;
  const store = dynamodbOrgStore({ client, table });
  await Promise.all(orgs.map((org) => store.put(org)));
  const wanted = new Set<string>(orgs.map(({ id }) => id));
  const { Items } = await client.send(new ScanCommand({ TableName: table, ProjectionExpression: 'id' }));
  const stale = (Items ?? []).flatMap((item) => (item['id']?.S === undefined || wanted.has(item['id'].S) ? [] : [item['id'].S]));
  await Promise.all(stale.map((id) => client.send(new DeleteItemCommand({ TableName: table, Key: { id: { S: id } } }))));
}
