import type { MessageRemoval } from '../delivery/delivery-queue.ts';
import type { SQSClient } from './client.ts';
import { DeleteMessageCommand } from './commands.ts';
import { queueError } from './queue-error.ts';

/** MessageRemoval on SQS. A message that is gone already is removed again without an error. */
export function sqsMessageRemoval(options: { client: SQSClient; queueUrl: string }): MessageRemoval {
  return {
    async remove(receiptHandle) {
      const command = new DeleteMessageCommand({ QueueUrl: options.queueUrl, ReceiptHandle: receiptHandle });
      await options.client.send(command).catch((error: unknown) => {
        throw queueError('DeleteMessage', error);
      });
    },
  };
}
