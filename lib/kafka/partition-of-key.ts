import { Partitioners, type PartitionMetadata } from 'kafkajs';

const choose = Partitioners.DefaultPartitioner();
const partitionLists = new Map<number, PartitionMetadata[]>();

/**
 * The partition that Kafka's default partitioner gives a key: murmur2 of its UTF-8 bytes, sign bit cleared, modulo the number
 * of partitions. The same in the Java client, in kafkajs and in the embedded log.
 */
export function partitionOfKey(key: string, partitions: number): number {
  return choose({ topic: '', partitionMetadata: partitionList(partitions), message: { key, value: null } });
}

/** The partitioner counts these and, given a key, looks no further. */
function partitionList(count: number): PartitionMetadata[] {
  const known = partitionLists.get(count);
  if (known !== undefined) return known;
  const list = Array.from({ length: count }, (_, partitionId) => ({
    partitionId,
    partitionErrorCode: 0,
    leader: 0,
    replicas: [],
    isr: [],
  }));
  partitionLists.set(count, list);
  return list;
}
