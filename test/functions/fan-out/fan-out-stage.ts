import { provideEnvironment } from '#lib/config/environment.ts';
import type { DeliveryMessage } from '#lib/delivery/delivery.ts';
import { dynamodbClient } from '#lib/dynamodb/client.ts';
import { dynamodbSubscriptionStore } from '#lib/dynamodb/subscription-store.ts';
import { sqsClient } from '#lib/sqs/client.ts';
import { queueReceiver } from '#lib/sqs/queue-receiver.ts';
import type { Subscription } from '#lib/subscriptions/subscription.ts';
import { provideLogSink } from '#lib/telemetry/wide-line.ts';
import { localRegion, startAwsEmulators, type AwsEmulators } from '../../../local/aws-emulators.ts';
import type { LambdaHandler } from '../../../local/lambda.ts';
import { startAwsFaultProxy, type AwsFaultProxy } from '../../support/aws-fault-proxy.ts';

/** fan-out's handler with what stands around it: emulators, and a proxy that can fail its calls of SQS. */
export interface FanOutStage {
  readonly aws: AwsEmulators;
  readonly proxy: AwsFaultProxy;
  readonly handler: LambdaHandler;
  /** Takes all that is on the queue, in the order in which it comes. */
  drained(): Promise<DeliveryMessage[]>;
  stop(): Promise<void>;
}

export async function startFanOut(options: {
  subscriptions: readonly Subscription[];
  settings?: Readonly<Record<string, string>>;
  onLine(line: string): void;
}): Promise<FanOutStage> {
  const aws = await startAwsEmulators();
  const proxy = await startAwsFaultProxy(aws.sqsUrl);
  const dynamodb = dynamodbClient({ region: localRegion, endpoint: aws.dynamodbUrl });
  const store = dynamodbSubscriptionStore({ client: dynamodb, table: 'subscriptions' });
  for (const subscription of options.subscriptions) await store.create(subscription);
  const sqs = sqsClient({ region: localRegion, endpoint: aws.sqsUrl });
  const receiver = queueReceiver(sqs, { queueUrl: aws.deliveriesQueueUrl, queueArn: '', region: localRegion });

  provideEnvironment({ ...aws.environment, AWS_ENDPOINT_URL_SQS: proxy.url, ...options.settings });
  provideLogSink((line) => options.onLine(line));
  const { handler } = (await import('../../../functions/fan-out/handler.ts')) as { handler: LambdaHandler };
  return {
    ...{ aws, proxy, handler },
    async drained() {
      const messages: DeliveryMessage[] = [];
      for (;;) {
        const records = await receiver.receive({ maxMessages: 10, waitSeconds: 0, signal: new AbortController().signal });
        if (records.length === 0) return messages;
        messages.push(...records.map(({ body }) => JSON.parse(body) as DeliveryMessage));
        await receiver.remove(records.map(({ receiptHandle }) => receiptHandle));
      }
    },
    async stop() {
      await proxy.stop();
      await aws.stop();
    },
  };
}
