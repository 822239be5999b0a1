import { Readable } from 'node:stream';
import { dynamodbClient } from '#lib/dynamodb/client.ts';
import type { StoredItem } from './stored-attributes.ts';

/** What DynamoDB answers an operation with: the members of the answer, or the item that its condition did not hold for. */
export type Answer =
  { readonly kind: 'answer'; readonly members: object } | { readonly kind: 'condition-failed'; readonly item: StoredItem };

/** The SDK's own client over a connection that answers with items of our making: how an item comes is up to the SDK. */
export function answeringClient(answer: (operation: string) => Answer): ReturnType<typeof dynamodbClient> {
  // Nothing listens there, and nothing is sent.
  const client = dynamodbClient({ region: 'us-east-1', endpoint: 'http://127.0.0.1:9' });
  client.config.requestHandler.handle = (request: { readonly headers: Readonly<Record<string, string>> }) => {
    const given = answer(String(request.headers['x-amz-target']).split('.').at(-1) ?? '');
    const [statusCode, members] = given.kind === 'answer' ? [200, given.members] : [400, { __type: conditionFailed, Item: given.item }];
    const body = Readable.from([Buffer.from(JSON.stringify(members, inBase64))]);
    return Promise.resolve({ response: { statusCode, headers: { 'content-type': 'application/x-amz-json-1.0' }, body } });
  };
  return client;
}

const conditionFailed = 'com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException';

/** Bytes go over the wire in base64. */
function inBase64(_key: string, value: unknown): unknown {
  const buffer = value as { readonly type?: unknown; readonly data?: unknown } | null;
  return typeof buffer === 'object' && buffer?.type === 'Buffer' && Array.isArray(buffer.data)
    ? Buffer.from(buffer.data as number[]).toString('base64')
    : value;
}
