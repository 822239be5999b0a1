import { createHash } from 'node:crypto';
import { RelayError } from '../errors.ts';
import type { ReplayQueue } from '../replay/replay.ts';
import type { SQSClient } from './client.ts';
import { SendMessageCommand } from './commands.ts';
import { queueError } from './queue-error.ts';

/**
 * ReplayQueue on SQS. A group is a subscription, so that its replays run one after the other. The deduplication id holds the minute:
 * asking again brings at most one more message a minute, and a message for a replay that runs or is finished does nothing.
 */
export function sqsReplayQueue(options: { client: SQSClient; queueUrl: string; now: () => Date }): ReplayQueue {
  return {
    async send({ id, subscription }) {
      const minute = options.now().toISOString().slice(0, 16);
      const command = new SendMessageCommand({
        QueueUrl: options.queueUrl,
        MessageBody: JSON.stringify({ v: 1, replay: id }),
        MessageGroupId: hashOf([subscription]),
        MessageDeduplicationId: hashOf([id, minute]),
      });
      try {
        await options.client.send(command);
      } catch (error) {
        throw new RelayError('REPLAY_QUEUE_UNAVAILABLE', 'SQS did not take the replay', {
          facts: { ...queueError('SendMessage', error).facts, replay: id },
          cause: error,
        });
      }
    },
  };
}

/** Every group and deduplication id in our queues is hashed: whatever an id holds, SQS takes it. */
function hashOf(parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}
