import { memoryDeliveryQueue } from '../support/memory-delivery-queue.ts';
import { deliveryQueueContract } from './delivery-queue.contract.ts';

deliveryQueueContract('memory', async () => {
  const queue = memoryDeliveryQueue();
  let drained = 0;
  return {
    queue,
    drain: async () => {
      const bodies = queue.taken.slice(drained).map(({ message }) => JSON.parse(JSON.stringify(message)) as unknown);
      drained = queue.taken.length;
      return bodies;
    },
    stop: async () => undefined,
  };
});
