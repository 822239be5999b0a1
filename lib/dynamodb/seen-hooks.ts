import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  type AttributeValue,
  type DynamoDBClient,
  type QueryCommandInput,
} from '@aws-sdk/client-dynamodb';
import { RelayError } from '../errors.ts';
import type { SeenHooks } from '../intake/seen-hooks.ts';
import type { OrgId } from '../okta/org.ts';
import type { OrgSenders } from '../orgs/org-registry.ts';
import { heardKey } from './heard-orgs.ts';
import { unavailable } from './unavailable.ts';

type Item = Record<string, AttributeValue>;

const code = 'SENDER_STORE_UNAVAILABLE';
/** An org's items: `first` names the hook that was first of all, `hook#<id>` says since when each one was seen. */
const firstId = 'first';
const prefix = 'hook#';
/** Shown at most. Okta allows 25 hooks; whoever has the secret can invent as many as he likes. */
const maxShown = 100;
/** An unbounded number of invented hooks goes away again; a real one is noted again when it next sends. */
const retentionSeconds = 400 * 24 * 60 * 60;

/** What was seen of an org's event hooks, in DynamoDB. @throws RelayError SENDER_STORE_UNAVAILABLE */
export function dynamodbSeenHooks({ client, table }: { client: DynamoDBClient; table: string }): SeenHooks & OrgSenders {
  const query = (org: OrgId, input: Partial<QueryCommandInput>) =>
    client
      .send(
        new QueryCommand({
          TableName: table,
          ConsistentRead: true,
          KeyConditionExpression: 'org = :org AND begins_with(id, :prefix)',
          ExpressionAttributeValues: { ':org': { S: org }, ':prefix': { S: prefix } },
          ...input,
        }),
      )
      .catch(unavailable(code, 'Query'));

  async function firstOf(org: OrgId): Promise<string | undefined> {
    const get = new GetItemCommand({ TableName: table, Key: { org: { S: org }, id: { S: firstId } }, ConsistentRead: true });
    const { Item } = await client.send(get).catch(unavailable(code, 'GetItem'));
    return Item?.['hook']?.S;
  }

  return {
    async note({ org, hook, at }) {
      const seenAt = { S: at.toISOString() };
      const expiresAt = { N: String(Math.floor(at.getTime() / 1_000) + retentionSeconds) };
      await putNew(client, table, { org: { S: org }, id: { S: `${prefix}${hook}` }, seenAt, expiresAt });
      // The item of the first one does not end: the org stays bound for as long as it is there.
      if (await putNew(client, table, { org: { S: org }, id: { S: firstId }, hook: { S: hook } })) return { first: hook };
      const first = await firstOf(org);
      // Between the two calls the org was deleted, and with it what it was bound to.
      if (first === undefined) throw new RelayError(code, 'What an org is bound to was forgotten while it was read', { facts: { org } });
      return { first };
    },

    async hooks(org) {
      const [first, { Items = [] }] = await Promise.all([firstOf(org), query(org, { Limit: maxShown })]);
      return Items.map((item) => hookOf(item, first));
    },

    async forget(org) {
      let items: Item[];
      do {
        ({ Items: items = [] } = await query(org, { Limit: maxShown }));
        for (const item of items) await remove(client, table, item);
      } while (items.length > 0);
      await remove(client, table, { org: { S: org }, id: { S: firstId } });
      await remove(client, table, heardKey(org));
    },
  };
}

function hookOf(item: Item, first: string | undefined) {
  const id = (item['id']?.S ?? '').slice(prefix.length);
  return { id, firstSeenAt: item['seenAt']?.S ?? '', isFirst: id === first };
}

async function remove(client: DynamoDBClient, table: string, { org, id }: Item): Promise<void> {
  if (org === undefined || id === undefined) return;
  await client.send(new DeleteItemCommand({ TableName: table, Key: { org, id } })).catch(unavailable(code, 'DeleteItem'));
}

/** Whether it was not there before. */
async function putNew(client: DynamoDBClient, table: string, item: Item): Promise<boolean> {
  try {
    await client.send(new PutItemCommand({ TableName: table, Item: item, ConditionExpression: 'attribute_not_exists(id)' }));
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    return unavailable(code, 'PutItem')(error);
  }
}
