import type { DeliveryMessage } from './delivery.ts';
import type { ReleaseMessage } from './release-message.ts';

export interface QueuedDelivery {
  /** Hash of the lane: messages of one group are handled in order. */
  readonly groupId: string;
  /** SQS drops a second message with the same id within five minutes. */
  readonly deduplicationId: string;
  readonly message: DeliveryMessage;
}

/** The release of a parked lane, in the lane's own group. */
export interface QueuedRelease {
  readonly groupId: string;
  /** Its token. */
  readonly deduplicationId: string;
  readonly message: ReleaseMessage;
}

/**
 * Port: putting deliveries, and releases of lanes, on `deliveries.fifo`.
 * Answers which of them the queue did not take, by index: once a message of a group was not taken, none behind it in that group was sent.
 * `refused` are those that the queue will never take (their content is at fault); what is behind a refused one goes on.
 */
export interface DeliveryQueue {
  send(
    messages: readonly (QueuedDelivery | QueuedRelease)[],
  ): Promise<{ notSent: readonly number[]; refused: readonly { index: number; detail: string }[] }>;
}

/** Port: when a received message shows itself again. Failures are swallowed by nobody: they throw DELIVERY_QUEUE_UNAVAILABLE. */
export interface MessageVisibility {
  /** `seconds`: 0 (at once) to 43,200 (SQS's limit). */
  change(receiptHandle: string, seconds: number): Promise<void>;
}

/** Port: taking a received message out of the queue for good. @throws RelayError DELIVERY_QUEUE_UNAVAILABLE */
export interface MessageRemoval {
  remove(receiptHandle: string): Promise<void>;
}
