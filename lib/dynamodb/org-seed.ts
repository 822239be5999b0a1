import { DeleteItemCommand, ScanCommand, type AttributeValue, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { RelayError } from '../errors.ts';
import type { Org } from '../okta/org.ts';
import { dynamodbOrgStore } from './org-store.ts';

/**
 * Makes the orgs of the table these, and those that were made through the API: what flags and file made at an earlier start and name no
 * more is taken out.
 * @throws RelayError LOCAL_START_FAILED when one of them was made through the API: neither of the two may take the other's secret away.
 */
export async function seedOrgs(client: DynamoDBClient, options: { table: string; orgs: readonly Org[] }): Promise<void> {
  const { table, orgs } = options;
  const { Items = [] } = await client.send(new ScanCommand({ TableName: table, ConsistentRead: true }));
  const stored = Items.map((item) => ({ id: item['id']?.S ?? '', isApis: wasMadeByApi(item) }));
  const taken = stored.filter(({ id, isApis }) => isApis && orgs.some((org) => org.id === id)).map(({ id }) => id);
  if (taken.length > 0)
    throw new RelayError(
      'LOCAL_START_FAILED',
      `The org ${taken.join(', ')} was made through the API. Name other orgs at the start (e.g. --org beta), or delete it through the API first`,
    );
  const store = dynamodbOrgStore({ client, table });
  await Promise.all(orgs.map((org) => store.put({ ...org, madeBy: 'start' })));
  const stale = stored.filter(({ id, isApis }) => !isApis && !orgs.some((org) => org.id === id));
  await Promise.all(stale.map(({ id }) => client.send(new DeleteItemCommand({ TableName: table, Key: { id: { S: id } } }))));
}

/** Read loosely: what an earlier version wrote, or cannot be read at all, was not made by this one's API. */
function wasMadeByApi(item: Record<string, AttributeValue>): boolean {
  try {
    const org: unknown = JSON.parse(item['org']?.S ?? 'null');
    return typeof org === 'object' && org !== null && 'madeBy' in org && org.madeBy === 'api';
  } catch {
    // Not JSON: nothing of ours, and replaced or taken out as before.
    return false;
  }
}
