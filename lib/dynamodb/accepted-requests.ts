import { GetItemCommand, PutItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { AcceptedRequests, SignedRequest } from '../intake/accepted-requests.ts';
import { unavailable } from './unavailable.ts';

const code = 'SENDER_STORE_UNAVAILABLE';
/** Clocks of two environments may differ by this much, and one still takes what the other finds too old. */
const skewSeconds = 60;

/** Accepted signed requests in DynamoDB, an item each until its timestamp is too old to be taken. @throws RelayError SENDER_STORE_UNAVAILABLE */
export function dynamodbAcceptedRequests({ client, table }: { client: DynamoDBClient; table: string }): AcceptedRequests {
  const keyOf = ({ org, id }: SignedRequest) => ({ org: { S: org }, id: { S: `request#${id}` } });
  return {
    async has(request) {
      // Consistent: who repeats a request at once must meet what was noted a moment ago.
      const get = new GetItemCommand({ TableName: table, Key: keyOf(request), ConsistentRead: true });
      const { Item } = await client.send(get).catch(unavailable(code, 'GetItem'));
      return Item !== undefined;
    },
    async add(request) {
      const expiresAt = { N: String(Math.ceil(request.validUntil.getTime() / 1_000) + skewSeconds) };
      await client
        .send(new PutItemCommand({ TableName: table, Item: { ...keyOf(request), expiresAt } }))
        .catch(unavailable(code, 'PutItem'));
    },
  };
}
