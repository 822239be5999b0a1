import { RelayError, isRelayError } from '../errors.ts';
import type { ChangeLogRange, PartitionRange, RangeEnd, ReadOptions } from '../intake/change-log-range.ts';
import { kafkaClient } from './client.ts';
import type { KafkaConnection } from './connection.ts';
import { failureReason } from './failure-reason.ts';
import { RangeSession } from './range-session.ts';

const limits = { connectTimeoutMs: 2_000, requestTimeoutMs: 10_000, retries: 5, retryWaitMs: 200 };

/** What the names of the groups begin with that read ranges: the role that reads them is allowed these (infra/constructs/change-log.ts). */
export const rangeGroupPrefix = 'okta-event-relay-replay-';

interface Options extends KafkaConnection {
  readonly topic: string;
  /** A name that no other reading ever has: each reading is alone in its group. */
  readonly newName: () => string;
}

/** ChangeLogRange on Apache Kafka. The brokers find offsets by time; a session is opened by the first read and kept until `close`. */
export function kafkaChangeLogRange(options: Options): ChangeLogRange {
  return new KafkaRange(options);
}

/** What `handle` threw, on its way through kafkajs's callbacks to whoever called `read`. */
class HandlerFailed extends Error {
  override readonly name = 'HandlerFailed';
}

class KafkaRange implements ChangeLogRange {
  readonly #options: Options;
  #session: RangeSession | undefined;

  constructor(options: Options) {
    this.#options = options;
  }

  async locate({ from, to }: { from: Date; to: Date }): Promise<readonly PartitionRange[]> {
    const { topic } = this.#options;
    const client = kafkaClient(this.#options, limits);
    const admin = client.kafka.admin();
    try {
      await admin.connect();
      const starts = await admin.fetchTopicOffsetsByTimestamp(topic, from.getTime());
      const ends = new Map(
        (await admin.fetchTopicOffsetsByTimestamp(topic, to.getTime())).map(({ partition, offset }) => [partition, offset]),
      );
      return starts
        .map(({ partition, offset }) => ({ partition, start: Number(offset), end: Math.max(Number(offset), Number(ends.get(partition))) }))
        .toSorted((a, b) => a.partition - b.partition);
    } catch (error) {
      throw this.#unavailable(error);
    } finally {
      client.cut();
    }
  }

  async read(range: PartitionRange, options: ReadOptions): Promise<RangeEnd> {
    try {
      this.#session ??= await RangeSession.open(this.#options, rangeGroupPrefix + this.#options.newName());
      return await this.#session.read(range, {
        maxRecords: options.maxRecords,
        handle: (records) =>
          options.handle(records).catch((cause: unknown) => {
            throw new HandlerFailed('The records could not be handled', { cause });
          }),
      });
    } catch (error) {
      if (error instanceof HandlerFailed) throw error.cause;
      await this.close();
      throw isRelayError(error) ? error : this.#unavailable(error);
    }
  }

  async close(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    await session?.close();
  }

  #unavailable(error: unknown): RelayError {
    const { reason, kafkaError } = failureReason(error);
    const facts = { reason, kafkaError, topic: this.#options.topic };
    return new RelayError('CHANGE_LOG_UNAVAILABLE', 'Kafka could not be read again', { facts, cause: error });
  }
}
