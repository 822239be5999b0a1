import { setTimeout as delay } from 'node:timers/promises';
import { isRelayError } from '../errors.ts';
import type { ChangeLogFeed, Consumption } from '../intake/change-log.ts';
import { doublingBackOff, type BackOff } from './back-off.ts';
import { BatchGatherer } from './batch-gatherer.ts';
import type { KafkaConnection } from './connection.ts';
import { heartbeatMs, joinGroup, type GroupMember } from './group-member.ts';
import { partitionReader } from './partition-reader.ts';

type ConsumeOptions = Parameters<ChangeLogFeed['consume']>[0];

/** A member that fell out joins again no later than this: the broker may be back any moment, and asking costs little. */
const mostRejoinWaitMs = 2_000;
/** How long a broker may take to let a member go when this process stops. */
const leavePatienceMs = 3_000;

/**
 * Reads the topic as a consumer group on Apache Kafka. `consume` resolves at once and joins in the background: a broker that is
 * not there is tried again for ever. A group that was never seen starts at the oldest record. While another member joins or
 * leaves, records may be handled twice, as Kafka has it.
 */
export function kafkaChangeLogFeed(options: KafkaConnection & { readonly topic: string; readonly backOff?: BackOff }): ChangeLogFeed {
  return {
    consume: (consume) => Promise.resolve(new KafkaConsumption(options, consume)),
  };
}

class KafkaConsumption implements Consumption {
  readonly #options: KafkaConnection & { readonly topic: string; readonly backOff?: BackOff };
  readonly #consume: ConsumeOptions;
  readonly #gatherer: BatchGatherer;
  readonly #stopping = new AbortController();
  readonly #ended: Promise<void>;
  #member: GroupMember | undefined;

  constructor(options: KafkaConnection & { readonly topic: string; readonly backOff?: BackOff }, consume: ConsumeOptions) {
    this.#options = options;
    this.#consume = consume;
    this.#gatherer = new BatchGatherer({
      maxRecords: consume.maxRecords,
      handle: (records) => consume.handle(records),
      onSettled: ({ failure }) => {
        if (failure !== undefined) options.logSink?.({ level: 'error', message: `[Feed] a batch is read again: ${describe(failure)}` });
      },
    });
    this.#ended = this.#keepJoined();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#gatherer.close();
    await this.#member?.leave(leavePatienceMs);
    await this.#ended;
  }

  async #keepJoined(): Promise<void> {
    const backOff = this.#options.backOff ?? doublingBackOff;
    const eachBatch = partitionReader({ gatherer: this.#gatherer, maxRecords: this.#consume.maxRecords, heartbeatMs, backOff });
    for (let failures = 0; !this.#stopping.signal.aborted;) {
      this.#member = joinGroup(this.#options, { topic: this.#options.topic, groupId: this.#consume.groupId, eachBatch });
      await this.#member.ended;
      failures = this.#member.hasJoined() ? 1 : failures + 1;
      await delay(Math.min(mostRejoinWaitMs, backOff(failures)), undefined, { signal: this.#stopping.signal }).catch(() => undefined);
    }
  }
}

/** Messages of foreign errors can hold what they were given; class and code cannot. */
function describe(failure: unknown): string {
  if (isRelayError(failure)) return failure.code;
  return failure instanceof Error ? failure.name : typeof failure;
}
