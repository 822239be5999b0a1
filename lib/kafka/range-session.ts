import { setTimeout as delay } from 'node:timers/promises';
import type { Admin, Consumer, EachBatchPayload, KafkaMessage } from 'kafkajs';
import type { PartitionRange, RangeEnd, ReadOptions } from '../intake/change-log-range.ts';
import { kafkaClient } from './client.ts';
import type { KafkaConnection } from './connection.ts';
import { DeadlinePassed, monotonicMs, within } from './deadline.ts';
import { toLogRecord } from './log-record.ts';

const limits = { connectTimeoutMs: 2_000, requestTimeoutMs: 10_000, retries: 5, retryWaitMs: 200 };
/** Brokers hold a new group's first members for three seconds (group.initial.rebalance.delay.ms). */
const joinPatienceMs = 20_000;
const leavePatienceMs = 2_000;
/** Between two tries while a broker makes or loads the place where it keeps its groups: at its first group ever, or after a start. */
const coordinatorWaitMs = 500;
/** Longer than what is read at a time takes to be worked: it is between two of those that the membership is kept alive. */
const sessionTimeoutMs = 60_000;
/** How long the broker holds a fetch that finds nothing; as long takes the step to another partition. */
const maxFetchWaitMs = 100;
/** No record of a range that the broker has: something is wrong that only a new session can change. */
const stallMs = 30_000;

interface Reading extends ReadOptions {
  readonly range: PartitionRange;
  next: number;
  readonly end: PromiseWithResolvers<RangeEnd>;
  stall: NodeJS.Timeout | undefined;
}

/**
 * One stay at the brokers, for reading ranges. kafkajs fetches for members of a group only, so this is the one member of a group that
 * nobody else is in: it has every partition, keeps all paused but the one being read, seeks, and never commits.
 */
export class RangeSession {
  readonly #topic: string;
  readonly #consumer: Consumer;
  readonly #admin: Admin;
  readonly #cut: () => void;
  #reading: Reading | undefined;
  #failure: { readonly error: unknown } | undefined;

  private constructor(connection: KafkaConnection & { readonly topic: string }, groupId: string) {
    const client = kafkaClient(connection, limits);
    this.#topic = connection.topic;
    this.#cut = client.cut;
    this.#admin = client.kafka.admin();
    this.#consumer = client.kafka.consumer({
      groupId,
      sessionTimeout: sessionTimeoutMs,
      maxWaitTimeInMs: maxFetchWaitMs,
      allowAutoTopicCreation: false,
    });
    this.#consumer.on(this.#consumer.events.CRASH, ({ payload }) => this.#fail(payload.error));
    // A member that joins again, after a broker went away, has forgotten its places.
    this.#consumer.on(this.#consumer.events.GROUP_JOIN, () => this.#reading && this.#seek(this.#reading));
  }

  /** @throws what kafkajs throws, or DeadlinePassed */
  static async open(connection: KafkaConnection & { readonly topic: string }, groupId: string): Promise<RangeSession> {
    const endMs = monotonicMs() + joinPatienceMs;
    for (;;) {
      const session = new RangeSession(connection, groupId);
      try {
        await within(endMs - monotonicMs(), session.#join());
        return session;
      } catch (error) {
        session.#cut();
        if (!isWithoutCoordinator(error) || monotonicMs() + coordinatorWaitMs >= endMs) throw error;
      }
      await delay(coordinatorWaitMs);
    }
  }

  async #join(): Promise<void> {
    const topic = this.#topic;
    await Promise.all([this.#admin.connect(), this.#consumer.connect()]);
    await this.#consumer.subscribe({ topics: [topic], fromBeginning: true });
    await this.#consumer.run({ autoCommit: false, eachBatchAutoResolve: false, eachBatch: (payload) => this.#eachBatch(payload) });
    // A consumer that could not join does not say so here.
    if (this.#failure !== undefined) throw this.#failure.error;
    const partitions = (await this.#admin.fetchTopicOffsets(topic)).map(({ partition }) => partition);
    this.#consumer.pause([{ topic, partitions }]);
  }

  /** @throws what kafkajs throws, DeadlinePassed, or what `handle` threw */
  async read(range: PartitionRange, options: ReadOptions): Promise<RangeEnd> {
    if (range.start >= range.end) return 'all';
    if (await this.#isGone(range.partition, range.start)) return 'gone';
    if (this.#failure !== undefined) throw this.#failure.error;
    const reading: Reading = { ...options, range, next: range.start, end: Promise.withResolvers<RangeEnd>(), stall: undefined };
    this.#reading = reading;
    this.#watch(reading);
    try {
      this.#seek(reading);
      this.#consumer.resume([this.#place(reading)]);
      return await reading.end.promise;
    } finally {
      clearTimeout(reading.stall);
      this.#reading = undefined;
      this.#consumer.pause([this.#place(reading)]);
    }
  }

  async close(): Promise<void> {
    try {
      await within(leavePatienceMs, Promise.all([this.#consumer.disconnect(), this.#admin.disconnect()]));
    } catch {
      // Nobody there to take leave of: the broker forgets a group without members and offsets by itself.
    }
    this.#cut();
  }

  async #eachBatch(payload: EachBatchPayload): Promise<void> {
    const reading = this.#reading;
    // Fetched before its partition was paused: nobody asked for it.
    if (reading?.range.partition !== payload.batch.partition || payload.isStale()) return;
    clearTimeout(reading.stall);
    try {
      const end = await this.#work(reading, payload);
      if (end === undefined) this.#watch(reading);
      else this.#finish(reading, () => reading.end.resolve(end));
    } catch (error) {
      // Told to whoever reads; kafkajs is not to try the batch again.
      this.#finish(reading, () => reading.end.reject(error));
    }
  }

  async #work(reading: Reading, payload: EachBatchPayload): Promise<RangeEnd | undefined> {
    const { batch } = payload;
    const { range, maxRecords } = reading;
    const messages = batch.messages.filter(({ offset }) => Number(offset) >= reading.next && Number(offset) < range.end);
    const [first] = messages;
    // A hole is either what the log has dropped meanwhile, or where Kafka kept records of its own.
    if (first !== undefined && Number(first.offset) > reading.next && (await this.#isGone(range.partition, reading.next))) return 'gone';
    for (let at = 0; at < messages.length; at += maxRecords) {
      const slice: KafkaMessage[] = messages.slice(at, at + maxRecords);
      const wanted = await reading.handle(slice.map((message) => toLogRecord(this.#topic, range.partition, message)));
      reading.next = Number(slice.at(-1)?.offset) + 1;
      if (wanted === 'enough') return reading.next >= range.end ? 'all' : 'enough';
      await payload.heartbeat();
    }
    payload.resolveOffset(batch.lastOffset());
    reading.next = Math.max(reading.next, Number(batch.lastOffset()) + 1);
    return reading.next >= range.end ? 'all' : undefined;
  }

  #finish(reading: Reading, tell: () => void): void {
    this.#consumer.pause([this.#place(reading)]);
    tell();
  }

  #seek(reading: Reading): void {
    this.#consumer.seek({ topic: this.#topic, partition: reading.range.partition, offset: String(reading.next) });
  }

  #place({ range }: Reading): { topic: string; partitions: number[] } {
    return { topic: this.#topic, partitions: [range.partition] };
  }

  #watch(reading: Reading): void {
    reading.stall = setTimeout(() => this.#fail(new DeadlinePassed('The broker has the range and does not hand it over')), stallMs);
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.#reading?.end.reject(error);
  }

  async #isGone(partition: number, offset: number): Promise<boolean> {
    const known = (await this.#admin.fetchTopicOffsets(this.#topic)).find((one) => one.partition === partition);
    return known === undefined || Number(known.low) > offset;
  }
}

/** What a broker answers while nobody is there to coordinate the group, or not yet. kafkajs asks again for no more than a second. */
const coordinatorMissing: readonly unknown[] = ['GROUP_COORDINATOR_NOT_AVAILABLE', 'GROUP_LOAD_IN_PROGRESS', 'NOT_COORDINATOR_FOR_GROUP'];

/** Whether it, or what caused it, says that. */
function isWithoutCoordinator(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const type = 'type' in error ? error.type : undefined;
  return error.name === 'KafkaJSGroupCoordinatorNotFound' || coordinatorMissing.includes(type) || isWithoutCoordinator(error.cause);
}
