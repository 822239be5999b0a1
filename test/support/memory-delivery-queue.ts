import type { DeliveryQueue, QueuedDelivery, QueuedRelease } from '#lib/delivery/delivery-queue.ts';

export interface MemoryDeliveryQueue extends DeliveryQueue {
  /** The deliveries that the queue holds, in the order they came; a deduplication id is in it once. */
  readonly taken: readonly QueuedDelivery[];
  readonly releases: readonly QueuedRelease[];
}

/**
 * DeliveryQueue in memory, held to the same contract as the real one.
 * @param options.verdictOn decides on each delivery that is tried; `throw` fails the whole call as an outage does.
 */
export function memoryDeliveryQueue(
  options: { verdictOn?(delivery: QueuedDelivery): 'taken' | 'not-taken' | 'refused'; outage?(): Error | undefined } = {},
): MemoryDeliveryQueue {
  const taken: QueuedDelivery[] = [];
  const releases: QueuedRelease[] = [];
  const known = new Set<string>();
  return {
    taken,
    releases,
    async send(deliveries) {
      const outage = options.outage?.();
      if (outage) throw outage;
      const stopped = new Set<string>();
      const notSent: number[] = [];
      const refused: { index: number; detail: string }[] = [];
      for (const [index, delivery] of deliveries.entries()) {
        const { groupId, deduplicationId, message } = delivery;
        if (stopped.has(groupId)) {
          notSent.push(index);
          continue;
        }
        const verdict =
          JSON.stringify(message).length > 1_048_576
            ? 'refused'
            : 'delivery' in message
              ? (options.verdictOn?.({ groupId, deduplicationId, message }) ?? 'taken')
              : 'taken';
        if (verdict === 'not-taken') {
          stopped.add(groupId);
          notSent.push(index);
        } else if (verdict === 'refused') {
          refused.push({ index, detail: 'refused by the queue in memory' });
        } else if (!known.has(deduplicationId)) {
          known.add(deduplicationId);
          if ('delivery' in message) taken.push({ groupId, deduplicationId, message });
          else releases.push({ groupId, deduplicationId, message });
        }
      }
      return { notSent, refused };
    },
  };
}
