import { spawnSync } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ChangeMessageVisibilityCommand, ReceiveMessageCommand, SendMessageBatchCommand } from '#lib/sqs/commands.ts';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { clientOptions } from '#lib/aws/client-options.ts';
import { dynamodbClient } from '#lib/dynamodb/client.ts';
import { sqsClient } from '#lib/sqs/client.ts';
import { localRegion, startAwsEmulators, type AwsEmulators } from '../../local/aws-emulators.ts';
import { readText } from '../architecture/repository.ts';
import { scratchFolder } from '../support/relay-process.ts';

let scratch: ReturnType<typeof scratchFolder>;
let aws: AwsEmulators;
beforeEach(async () => {
  scratch = scratchFolder();
  aws = await startAwsEmulators({ dataDir: scratch.path });
});
afterEach(async () => {
  await aws.stop();
  scratch.remove();
});

const sqs = () => sqsClient({ region: localRegion, endpoint: aws.sqsUrl });
const entry = (id: string, group: string) => ({ Id: id, MessageBody: `body of ${id}`, MessageGroupId: group, MessageDeduplicationId: id });
const send = (...entries: ReturnType<typeof entry>[]) =>
  sqs().send(new SendMessageBatchCommand({ QueueUrl: aws.deliveriesQueueUrl, Entries: entries }));
const receive = async () =>
  (await sqs().send(new ReceiveMessageCommand({ QueueUrl: aws.deliveriesQueueUrl, MaxNumberOfMessages: 10 }))).Messages ?? [];
async function restart(): Promise<void> {
  await aws.stop();
  aws = await startAwsEmulators({ dataDir: scratch.path });
}

describe('the queue of local mode', () => {
  it('shows a message again at once when it is handed back with visibility 0, and keeps its place in its group', async () => {
    await send(entry('a1', 'a'), entry('a2', 'a'));
    const [head] = await receive();
    expect(head?.Body).toBe('body of a1');
    expect(await receive()).toEqual([]); // the group waits for its head
    await sqs().send(
      new ChangeMessageVisibilityCommand({ QueueUrl: aws.deliveriesQueueUrl, ReceiptHandle: head?.ReceiptHandle, VisibilityTimeout: 0 }),
    );
    expect((await receive())[0]?.Body).toBe('body of a1');
  });

  it('still has its messages after a restart, those in flight too, in the order of their groups', async () => {
    await send(entry('a1', 'a'), entry('a2', 'a'), entry('b1', 'b'));
    await receive();
    await restart();
    expect((await receive()).map(({ Body }) => Body)).toEqual(['body of a1', 'body of b1']);
  });
});

const objects = () => new S3Client({ ...clientOptions({ region: localRegion, endpoint: aws.s3Url }), forcePathStyle: true });

describe('tables and bucket of local mode', () => {
  it('keep what they hold over a restart', async () => {
    const database = () => dynamodbClient({ region: localRegion, endpoint: aws.dynamodbUrl });
    await database().send(new PutItemCommand({ TableName: 'orgs', Item: { id: { S: 'acme' } } }));
    await objects().send(new PutObjectCommand({ Bucket: 'quarantine', Key: 'kept', Body: 'bytes' }));
    await restart();
    expect((await database().send(new GetItemCommand({ TableName: 'orgs', Key: { id: { S: 'acme' } } }))).Item).toEqual({
      id: { S: 'acme' },
    });
    const { Body } = await objects().send(new GetObjectCommand({ Bucket: 'quarantine', Key: 'kept' }));
    expect(await Body?.transformToString()).toBe('bytes');
  });

  it('show a quarantined body by the command of docs/errors.md, while the relay runs', async () => {
    const [, script = '', documentedId = ''] =
      /^npx node -e "([^"]*?'bodies\/(q-[0-9a-f]{40})'[^"]*)"$/m.exec(readText('docs/errors.md')) ?? [];
    await objects().send(new PutObjectCommand({ Bucket: 'quarantine', Key: `bodies/${documentedId}`, Body: '{ "kept": "ü" }' }));
    const command = script.replace('.relay/', `${scratch.path}/`);
    const { stdout, stderr } = spawnSync(process.execPath, ['-e', command], { encoding: 'utf8' });
    expect(stdout, stderr).toBe('{ "kept": "ü" }');
  });
});
