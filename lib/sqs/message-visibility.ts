import type { MessageVisibility } from '../delivery/delivery-queue.ts';
import type { SQSClient } from './client.ts';
import { ChangeMessageVisibilityCommand } from './commands.ts';
import { queueError } from './queue-error.ts';

/**
 * SQS allows 43,200 s counted from when the message was received, not from now, and refuses the whole change beyond that. A
 * function has held the message for 15 minutes at most (Lambda's limit).
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ChangeMessageVisibility.html
 */
const maxSeconds = 43_200 - 900;

/**
 * MessageVisibility on SQS. Seconds are rounded up and held within 0 to 42,300 (11 h 45 min).
 *
 * A message that is no longer ours to change (it showed itself again, or is deleted) ends the call without an error: there is no
 * wait left to set, whoever has the message now decides on it, and the delivery store keeps attempts from coming too early.
 * @throws RelayError DELIVERY_QUEUE_UNAVAILABLE for anything else.
 */
export function sqsMessageVisibility(options: { client: SQSClient; queueUrl: string }): MessageVisibility {
  return {
    async change(receiptHandle, seconds) {
      const VisibilityTimeout = Math.min(Math.max(Math.ceil(seconds), 0), maxSeconds);
      const command = new ChangeMessageVisibilityCommand({ QueueUrl: options.queueUrl, ReceiptHandle: receiptHandle, VisibilityTimeout });
      try {
        await options.client.send(command);
      } catch (error) {
        // Expected, for the reason in the docstring.
        if (isNoLongerOurs(error)) return;
        throw queueError('ChangeMessageVisibility', error);
      }
    },
  };
}

/** A FIFO queue reports an expired handle as an invalid parameter: only the message tells which. */
function isNoLongerOurs(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error.name === 'MessageNotInflight' || error.name === 'ReceiptHandleIsInvalid') return true;
  return error.name.startsWith('InvalidParameterValue') && /receipt ?handle/i.test(error.message);
}
