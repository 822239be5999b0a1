import { type Consumer, type EachBatchPayload } from 'kafkajs';
import { kafkaClient } from './client.ts';
import type { KafkaConnection } from './connection.ts';
import { within } from './deadline.ts';

/** One membership in a consumer group, from its connection to its end. */
export interface GroupMember {
  /** Resolves, never rejects, when it has ended, by itself or because it was asked to. */
  readonly ended: Promise<void>;
  /** Whether it ever got partitions. */
  hasJoined(): boolean;
  /** Leaves the group once the batches in hand are done, or after `patienceMs`. */
  leave(patienceMs: number): Promise<void>;
}

const limits = {
  connectTimeoutMs: 2_000,
  /** Longer than a fetch may wait at the broker. Joining a group has a time limit of its own. */
  requestTimeoutMs: 5_000,
  /** Ten seconds: a broker that restarts within them finds the same member again. A new one would have to wait until the old one's session is over. */
  retries: 50,
  retryWaitMs: 200,
};

/** The shortest that brokers allow by default: a member that was killed holds its partitions no longer than this. */
const sessionTimeoutMs = 6_000;
/** A third of the session, as Kafka advises. */
export const heartbeatMs = 2_000;
/** How long the others wait, when the group changes, for the batch in hand here. */
const rebalanceTimeoutMs = 60_000;
/** How long the broker holds a fetch that finds nothing. A partition that comes out of a pause waits as long. */
const maxFetchWaitMs = 250;
/** More than a topic of ours has partitions: kafkajs offers as many of them at a time. */
const partitionsAtOnce = 64;

export function joinGroup(
  connection: KafkaConnection,
  about: { readonly topic: string; readonly groupId: string; readonly eachBatch: (payload: EachBatchPayload) => Promise<void> },
): GroupMember {
  const client = kafkaClient(connection, limits);
  const consumer = client.kafka.consumer({
    groupId: about.groupId,
    sessionTimeout: sessionTimeoutMs,
    heartbeatInterval: heartbeatMs,
    rebalanceTimeout: rebalanceTimeoutMs,
    maxWaitTimeInMs: maxFetchWaitMs,
    allowAutoTopicCreation: false,
  });
  const { promise: ended, resolve: end } = Promise.withResolvers<undefined>();
  let joined = false;
  consumer.on(consumer.events.GROUP_JOIN, () => {
    joined = true;
  });
  consumer.on(consumer.events.CRASH, () => {
    client.cut();
    end(undefined);
  });
  const started = start(consumer, about).catch((error: unknown) => {
    connection.logSink?.({ level: 'error', message: `[Feed] ${error instanceof Error ? error.message : typeof error}` });
    client.cut();
    end(undefined);
  });
  return {
    ended,
    hasJoined: () => joined,
    async leave(patienceMs) {
      try {
        await within(
          patienceMs,
          started.then(() => consumer.disconnect()),
        );
      } catch {
        // Nobody there to take leave of: the broker notices by itself when the session is over.
      }
      client.cut();
      end(undefined);
    },
  };
}

async function start(
  consumer: Consumer,
  about: { readonly topic: string; readonly eachBatch: (payload: EachBatchPayload) => Promise<void> },
): Promise<void> {
  await consumer.connect();
  await consumer.subscribe({ topics: [about.topic], fromBeginning: true });
  await consumer.run({
    autoCommit: false,
    eachBatchAutoResolve: false,
    partitionsConsumedConcurrently: partitionsAtOnce,
    eachBatch: about.eachBatch,
  });
}
