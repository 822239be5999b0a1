import type { SQSBatchResponse, SQSRecord } from 'aws-lambda';
import type { QueueReceiver } from '#lib/sqs/queue-receiver.ts';

export interface Poller {
  readonly inFlight: () => number;
  /** Takes no more messages and waits for what is in hand. */
  stop(): Promise<void>;
}

/**
 * What Lambda's event source mapping does for an SQS queue with partial-batch answers: receives up to ten messages, calls
 * the function, deletes what it did not report as failed. A function that throws has failed with all of its batch; those
 * messages come back when their visibility ends.
 */
export function startQueuePoller(options: {
  receiver: QueueReceiver;
  batchSize: number;
  /** Invocations at a time, asked before each one. */
  maxInvocations(): number;
  invoke(event: { Records: SQSRecord[] }): Promise<unknown>;
  onError(error: unknown): void;
}): Poller {
  const running = new Set<Promise<void>>();
  const stopping = new AbortController();
  const stopped = (): boolean => stopping.signal.aborted;

  async function handle(records: SQSRecord[]): Promise<void> {
    try {
      const response = (await options.invoke({ Records: records })) as SQSBatchResponse | undefined;
      const failed = new Set((response?.batchItemFailures ?? []).map((failure) => failure.itemIdentifier));
      await options.receiver.remove(records.filter((record) => !failed.has(record.messageId)).map((record) => record.receiptHandle));
    } catch (error) {
      options.onError(error);
    }
  }

  async function loop(): Promise<void> {
    while (!stopped()) {
      try {
        if (running.size >= options.maxInvocations()) await Promise.race(running);
        const records = await options.receiver.receive({ maxMessages: options.batchSize, waitSeconds: 20, signal: stopping.signal });
        if (records.length === 0) continue;
        const invocation: Promise<void> = handle(records).finally(() => running.delete(invocation));
        running.add(invocation);
      } catch (error) {
        // The abort that ends the long poll comes here as an error.
        if (stopped()) return;
        options.onError(error);
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
    }
  }

  const looping = loop();
  return {
    inFlight: () => running.size,
    async stop() {
      stopping.abort();
      await looping;
      await Promise.all(running);
    },
  };
}
