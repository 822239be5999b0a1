import { Partitioners, type ICustomPartitioner, type Message } from 'kafkajs';
import { kafkaClient } from './client.ts';
import type { KafkaConnection } from './connection.ts';

/** One producer, from its connection to its end. */
export interface ProducerSession {
  /** Fails when connecting failed; the session is of no use then. */
  readonly ready: Promise<void>;
  /** Resolves once every replica that counts has the messages (acks=all). One call at a time. */
  send(topic: string, messages: Message[], timeoutMs: number): Promise<void>;
  /** Ends it at once, whatever it is doing. */
  readonly cut: () => void;
  close(): Promise<void>;
}

const limits = {
  /** A TCP and TLS handshake inside a VPC takes some 50 ms; a broker that needs a second is passed over for the next one. */
  connectTimeoutMs: 1_000,
  /** Longer than any append lasts: the append's own budget ends it, and takes the connection with it. */
  requestTimeoutMs: 30_000,
  /** Enough to ask each broker of a three-broker cluster, and to sit out the moment in which a partition changes its leader. */
  retries: 4,
  retryWaitMs: 50,
};

export function openProducerSession(connection: KafkaConnection, idempotent: boolean): ProducerSession {
  const client = kafkaClient(connection, limits);
  const chosen = new Set<number>();
  const producer = client.kafka.producer({
    idempotent,
    // More than one request in flight could overtake each other when the first one is retried.
    maxInFlightRequests: 1,
    allowAutoTopicCreation: false,
    createPartitioner: partitionerThatNotes(chosen),
    retry: { retries: limits.retries },
  });
  const ready = producer.connect();
  // Whoever awaits `ready` hears of the failure; at start-up nobody may be there yet, and that must not end the process.
  ready.catch(() => undefined);
  return {
    ready,
    async send(topic, messages, timeoutMs) {
      chosen.clear();
      const answers = await producer.sendBatch({
        acks: -1,
        timeout: Math.max(1, Math.round(timeoutMs)),
        topicMessages: [{ topic, messages }],
      });
      assertAllAnswered(chosen, new Set(answers.map(({ partition }) => partition)));
    },
    cut: client.cut,
    async close() {
      await producer.disconnect();
      client.cut();
    },
  };
}

function partitionerThatNotes(chosen: Set<number>): ICustomPartitioner {
  return () => {
    const choose = Partitioners.DefaultPartitioner();
    return (about) => {
      const partition = choose(about);
      chosen.add(partition);
      return partition;
    };
  };
}

/**
 * When a partition's leader moves, between kafkajs's own attempts, to a broker that has answered for its other partitions
 * already, kafkajs asks that broker nothing more and reports success: the moved partition's records were never sent.
 * @throws Error, so that the append is made again on a new producer
 */
export function assertAllAnswered(sent: ReadonlySet<number>, answered: ReadonlySet<number>): void {
  const missing = [...sent].filter((partition) => !answered.has(partition));
  if (missing.length > 0) throw new PartitionUnanswered(`No broker answered for partition ${missing.join(', ')}`);
}

class PartitionUnanswered extends Error {
  override readonly name = 'PartitionUnanswered';
}
