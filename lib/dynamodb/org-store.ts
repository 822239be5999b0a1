import { GetItemCommand, PutItemCommand, type AttributeValue, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { RelayError } from '../errors.ts';
import type { OrgStore } from '../intake/org-store.ts';
import { orgSchema, type Org } from '../okta/org.ts';
import { unavailable } from './unavailable.ts';

type Item = Record<string, AttributeValue>;

const code = 'ORG_STORE_UNAVAILABLE';

/** Orgs in DynamoDB, an item each. `put` replaces an org as a whole. @throws RelayError ORG_STORE_UNAVAILABLE */
export function dynamodbOrgStore({
  client,
  table,
}: {
  client: DynamoDBClient;
  table: string;
}): OrgStore & { put(org: Org): Promise<void> } {
  return {
    async find(id) {
      // Consistent: an org that was given a new secret a moment ago must be found with it, or a 401 destroys its events.
      const command = new GetItemCommand({ TableName: table, Key: { id: { S: id } }, ConsistentRead: true });
      const { Item } = await client.send(command).catch(unavailable(code, 'GetItem'));
      return Item === undefined ? undefined : orgOfItem(Item);
    },
    async put(org) {
      await client.send(new PutItemCommand({ TableName: table, Item: orgItem(org) })).catch(unavailable(code, 'PutItem'));
    },
  };
}

/** The key, and the org as JSON in one attribute. */
export function orgItem(org: Org): Item {
  return { id: { S: org.id }, org: { S: JSON.stringify(org) } };
}

/** Not "unknown" when it cannot be read: that would be answered 401, and destroy the org's events. */
export function orgOfItem(item: Item): Org {
  try {
    return orgSchema.parse(JSON.parse(item['org']?.S ?? 'null'));
  } catch (cause) {
    throw new RelayError(code, 'A stored org cannot be read', { facts: { id: item['id']?.S ?? '?' }, cause });
  }
}
