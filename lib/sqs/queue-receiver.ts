import type { Message } from '@aws-sdk/client-sqs';
import type { SQSRecord } from 'aws-lambda';
import type { SQSClient } from './client.ts';
import { DeleteMessageBatchCommand, ReceiveMessageCommand } from './commands.ts';

/** Receiving as Lambda's event source mapping does, for local mode's poller. In AWS, Lambda does this itself. */
export interface QueueReceiver {
  /** Waits up to `waitSeconds` (SQS: 20 at most) for up to `maxMessages` (10 at most). */
  receive(options: { maxMessages: number; waitSeconds: number; signal: AbortSignal }): Promise<SQSRecord[]>;
  remove(receiptHandles: readonly string[]): Promise<void>;
}

export function queueReceiver(client: SQSClient, options: { queueUrl: string; queueArn: string; region: string }): QueueReceiver {
  return {
    async receive({ maxMessages, waitSeconds, signal }) {
      const command = new ReceiveMessageCommand({
        QueueUrl: options.queueUrl,
        MaxNumberOfMessages: maxMessages,
        WaitTimeSeconds: waitSeconds,
        MessageSystemAttributeNames: ['All'],
        MessageAttributeNames: ['All'],
      });
      const { Messages } = await client.send(command, { abortSignal: signal, requestTimeout: (waitSeconds + 5) * 1000 });
      return (Messages ?? []).map((message) => record(message, options));
    },
    async remove(receiptHandles) {
      if (receiptHandles.length === 0) return;
      const entries = receiptHandles.map((handle, index) => ({ Id: String(index), ReceiptHandle: handle }));
      await client.send(new DeleteMessageBatchCommand({ QueueUrl: options.queueUrl, Entries: entries }));
    },
  };
}

function record(message: Message, options: { queueArn: string; region: string }): SQSRecord {
  return {
    messageId: message.MessageId ?? '',
    receiptHandle: message.ReceiptHandle ?? '',
    body: message.Body ?? '',
    attributes: { ...message.Attributes } as unknown as SQSRecord['attributes'], // the SDK types them as optional; SQS sends all that were asked for
    messageAttributes: {},
    md5OfBody: message.MD5OfBody ?? '',
    eventSource: 'aws:sqs',
    eventSourceARN: options.queueArn,
    awsRegion: options.region,
  };
}
