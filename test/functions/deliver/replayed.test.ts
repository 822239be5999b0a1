import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SQSBatchResponse } from 'aws-lambda';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { provideEnvironment } from '#lib/config/environment.ts';
import { createLocalKeyFile } from '#lib/sealing/local-key-file.ts';
import { sqsClient } from '#lib/sqs/client.ts';
import { sqsDeliveryQueue } from '#lib/sqs/delivery-queue.ts';
import { queueReceiver } from '#lib/sqs/queue-receiver.ts';
import { queues } from '#lib/sqs/queues.ts';
import { provideLogSink } from '#lib/telemetry/wide-line.ts';
import { startAwsEmulators, type AwsEmulators } from '../../../local/aws-emulators.ts';
import type { LambdaHandler } from '../../../local/lambda.ts';
import { deliveryMessage } from '../../lib/delivery/delivery-message.ts';

const region = 'us-east-1';
const folder = mkdtempSync(join(tmpdir(), 'deliver-replayed-'));
let aws: AwsEmulators;
let handler: LambdaHandler;

beforeAll(async () => {
  aws = await startAwsEmulators();
  createLocalKeyFile(join(folder, 'key'));
  provideEnvironment({ ...aws.environment, SECRETS_KEY_FILE: join(folder, 'key') });
  provideLogSink(() => undefined);
  const module = await import('../../../functions/deliver/handler.ts');
  // middy's type says `void` where it means "answers nothing"; local mode calls it the same way.
  handler = module.handler as LambdaHandler;
});
afterAll(async () => {
  await aws.stop();
  rmSync(folder, { recursive: true });
});

describe('the deliver function with two queues', () => {
  it.each([
    ['live', queues.deliveries.name, () => aws.deliveriesQueueUrl],
    ['replayed', queues.replayDeliveries.name, () => aws.replayDeliveriesQueueUrl],
  ])('hands what it has no time for back to the queue of %s deliveries it came from', async (_, name, url) => {
    const client = sqsClient({ region, endpoint: aws.sqsUrl });
    const receiver = queueReceiver(client, { queueUrl: url(), queueArn: `arn:aws:sqs:us-east-1:000000000000:${name}`, region });
    const receive = () => receiver.receive({ maxMessages: 10, waitSeconds: 0, signal: new AbortController().signal });
    const queue = sqsDeliveryQueue({ client, queueUrl: url(), now: () => new Date(), budgetMs: 10_000 });
    await queue.send([{ groupId: name, deduplicationId: name, message: deliveryMessage() }]);

    const records = await receive();
    const context = { awsRequestId: 'req-1', getRemainingTimeInMillis: () => 1_000 } as never;
    const { batchItemFailures } = (await handler({ Records: records }, context)) as SQSBatchResponse;
    expect(batchItemFailures).toEqual([{ itemIdentifier: records[0]?.messageId }]);
    // Shown at once, not after the queue's own six minutes.
    expect((await receive()).map(({ messageId }) => messageId)).toEqual([records[0]?.messageId]);
  });
});
