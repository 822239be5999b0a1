import { PutItemCommand, QueryCommand, type AttributeValue, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { RelayError } from '../errors.ts';
import type { HeardOrgs } from '../intake/heard-orgs.ts';
import { orgIdSchema, type OrgId } from '../okta/org.ts';
import type { HeardOrg, LastHeard } from '../orgs/last-heard.ts';
import { unavailable } from './unavailable.ts';

type Item = Record<string, AttributeValue>;

const code = 'SENDER_STORE_UNAVAILABLE';
/** A partition of its own in the table of senders, which one query reads. No org has this id: `#` is in none. */
const partition = '#heard';
/** An org that was silent for so long has stopped being one that used to speak. */
const retentionSeconds = 400 * 24 * 60 * 60;

/** The key of the item that says when an org was heard. */
export function heardKey(org: OrgId): { org: AttributeValue.SMember; id: AttributeValue.SMember } {
  return { org: { S: partition }, id: { S: org } };
}

/** When orgs spoke last, in DynamoDB, an item each. @throws RelayError SENDER_STORE_UNAVAILABLE */
export function dynamodbHeardOrgs({ client, table }: { client: DynamoDBClient; table: string }): HeardOrgs & LastHeard {
  return {
    async hear({ org, at }) {
      const expiresAt = { N: String(Math.floor(at.getTime() / 1_000) + retentionSeconds) };
      const item = { ...heardKey(org), heardAt: { S: at.toISOString() }, expiresAt };
      await client.send(new PutItemCommand({ TableName: table, Item: item })).catch(unavailable(code, 'PutItem'));
    },

    async lastHeard() {
      const heard: HeardOrg[] = [];
      let start: Item | undefined;
      do {
        const query = new QueryCommand({
          TableName: table,
          KeyConditionExpression: 'org = :partition',
          ExpressionAttributeValues: { ':partition': { S: partition } },
          ...(start === undefined ? {} : { ExclusiveStartKey: start }),
        });
        const { Items = [], LastEvaluatedKey } = await client.send(query).catch(unavailable(code, 'Query'));
        heard.push(...Items.map(heardOfItem));
        start = LastEvaluatedKey;
      } while (start !== undefined);
      return heard;
    },
  };
}

function heardOfItem(item: Item): HeardOrg {
  const [org, at] = [orgIdSchema.safeParse(item['id']?.S), new Date(item['heardAt']?.S ?? '')];
  if (org.success && !Number.isNaN(at.getTime())) return { org: org.data, at };
  throw new RelayError(code, 'A stored note of when an org was heard cannot be read');
}
