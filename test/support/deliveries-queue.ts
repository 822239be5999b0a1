import { sqsClient } from '#lib/sqs/client.ts';
import { sqsDeliveryQueue } from '#lib/sqs/delivery-queue.ts';
import { queueReceiver } from '#lib/sqs/queue-receiver.ts';
import { queues } from '#lib/sqs/queues.ts';
import type { DeliveryQueue } from '#lib/delivery/delivery-queue.ts';
import { startFauxqs } from '../../local/emulators/fauxqs.ts';
import { startAwsFaultProxy, type AwsFaultProxy } from './aws-fault-proxy.ts';

const region = 'us-east-1';

export interface DeliveriesQueue {
  readonly queue: DeliveryQueue;
  readonly proxy: AwsFaultProxy;
  readonly client: ReturnType<typeof sqsClient>;
  readonly queueUrl: string;
  /** Takes what is there off the queue; bodies parsed, in the order they are handed out. */
  drain(): Promise<unknown[]>;
  stop(): Promise<void>;
}

/** The real adapter and the real SDK on an emulated `deliveries.fifo`, with a proxy in between that brings about faults. */
export async function startDeliveriesQueue(options: { now?: () => Date; budgetMs?: number } = {}): Promise<DeliveriesQueue> {
  const fauxqs = await startFauxqs({ region });
  const proxy = await startAwsFaultProxy(fauxqs.url);
  const { name, visibilityTimeoutSeconds } = queues.deliveries;
  const queueUrl = fauxqs.ensureQueue(name, {
    FifoQueue: 'true',
    ContentBasedDeduplication: 'false',
    VisibilityTimeout: String(visibilityTimeoutSeconds),
  });
  const client = sqsClient({ region, endpoint: proxy.url });
  const direct = sqsClient({ region, endpoint: fauxqs.url });
  const receiver = queueReceiver(direct, { queueUrl, queueArn: `arn:aws:sqs:${region}:000000000000:${name}`, region });
  return {
    queue: sqsDeliveryQueue({ client, queueUrl, now: options.now ?? (() => new Date()), budgetMs: options.budgetMs ?? 10_000 }),
    proxy,
    client,
    queueUrl,
    async drain() {
      const bodies: unknown[] = [];
      for (;;) {
        const records = await receiver.receive({ maxMessages: 10, waitSeconds: 0, signal: new AbortController().signal });
        if (records.length === 0) return bodies;
        bodies.push(...records.map(({ body }) => JSON.parse(body) as unknown));
        await receiver.remove(records.map(({ receiptHandle }) => receiptHandle));
      }
    },
    async stop() {
      await proxy.stop();
      await fauxqs.stop();
    },
  };
}
