import { RelayError } from '../errors.ts';
import type { DeliveryQueue, QueuedDelivery } from './delivery-queue.ts';

/** Puts one delivery on a queue, for whoever waits for an answer. @throws RelayError DELIVERY_QUEUE_UNAVAILABLE; it may be on the queue then */
export async function queueOne(queue: DeliveryQueue, delivery: QueuedDelivery): Promise<void> {
  const { notSent, refused } = await queue.send([delivery]);
  // Built by us, or taken by the same queue before: that it is refused is a bug, and no answer to the caller.
  if (refused.length > 0) throw new Error('The queue refused a delivery that it can hold');
  if (notSent.length > 0) throw new RelayError('DELIVERY_QUEUE_UNAVAILABLE', 'The queue did not take the delivery');
}
