import type { Message } from 'kafkajs';
import { RelayError } from '../errors.ts';
import type { ChangeLog, ChangeRecord } from '../intake/change-log.ts';
import { AppendQueue } from './append-queue.ts';
import type { KafkaConnection } from './connection.ts';
import { DeadlinePassed, monotonicMs, within } from './deadline.ts';
import { failureReason, refusesIdempotence } from './failure-reason.ts';
import { openProducerSession, type ProducerSession } from './producer-session.ts';

export interface KafkaChangeLog extends ChangeLog {
  /**
   * Connects ahead of the first append, so that a cold start pays for it. Ends within two seconds and never fails: a log that
   * is not there must not keep the function from starting, and the next append tries again and reports.
   */
  connect(): Promise<void>;
  /** Ends the connection once what was begun is done, or after two seconds. */
  disconnect(): Promise<void>;
}

/** Under the broker's default of 1,048,588 bytes for a batch, with room for framing, whatever partitions the records fall into. */
const maxGroupBytes = 900 * 1024;
/** Framing of a record in a batch: lengths, timestamp and offset deltas, with room to spare. */
const recordOverheadBytes = 64;
/** The first attempt may use this part of an append's time; a connection that died unnoticed then leaves time for a new one. */
const firstAttemptShare = 0.5;
const patienceMs = 2_000;

/**
 * The change log on Apache Kafka: one producer per process, kept over invocations and made anew after every failure. It is
 * idempotent where the broker allows that; acks=all always. A failed producer is never used again: kafkajs would give its
 * sequence numbers to other records, and the broker would take those for repeats and acknowledge without writing them.
 */
export function kafkaChangeLog(options: KafkaConnection & { readonly topic: string }): KafkaChangeLog {
  return new ProducingLog(options);
}

class ProducingLog implements KafkaChangeLog {
  readonly #options: KafkaConnection & { readonly topic: string };
  readonly #queue: AppendQueue<Message>;
  #current: ProducerSession | undefined;
  #idempotent = true;

  constructor(options: KafkaConnection & { readonly topic: string }) {
    this.#options = options;
    this.#queue = new AppendQueue<Message>({
      maxGroupBytes,
      bytesOf: messageBytes,
      write: (messages, endsAtMs) => this.#write(messages, endsAtMs),
    });
  }

  async append(records: readonly ChangeRecord[], { budgetMs }: { budgetMs: number }): Promise<void> {
    try {
      await this.#queue.append(records.map(toMessage), budgetMs);
    } catch (error) {
      throw translated(error, this.#options.topic);
    }
  }

  async connect(): Promise<void> {
    const producer = this.#session();
    try {
      await within(patienceMs, producer.ready);
    } catch (error) {
      // Still connecting is no failure: the first append waits for it, or gives it up. Anything else is, and is forgotten.
      if (!(error instanceof DeadlinePassed)) this.#giveUp(producer, error);
    }
  }

  async disconnect(): Promise<void> {
    const producer = this.#current;
    this.#current = undefined;
    if (producer === undefined) return;
    try {
      await within(patienceMs, producer.close());
    } catch {
      // The broker does not say goodbye: neither do we.
      producer.cut();
    }
  }

  async #write(messages: readonly Message[], endsAtMs: number): Promise<void> {
    const leftMs = (): number => endsAtMs - monotonicMs();
    try {
      await this.#attempt(messages, leftMs() * firstAttemptShare);
    } catch (error) {
      // What is too large once is too large twice.
      if (leftMs() <= 0 || failureReason(error).reason === 'too-large') throw error;
      await this.#attempt(messages, leftMs());
    }
  }

  async #attempt(messages: readonly Message[], limitMs: number): Promise<void> {
    const producer = this.#session();
    try {
      const sent = producer.ready.then(() => producer.send(this.#options.topic, [...messages], limitMs));
      await within(limitMs, sent);
    } catch (error) {
      this.#giveUp(producer, error);
      throw error;
    }
  }

  #session(): ProducerSession {
    return (this.#current ??= openProducerSession(this.#options, this.#idempotent));
  }

  #giveUp(failed: ProducerSession, error: unknown): void {
    if (refusesIdempotence(error)) this.#idempotent = false;
    if (this.#current === failed) this.#current = undefined;
    failed.cut();
  }
}

function toMessage({ key, value, headers }: ChangeRecord): Message {
  return { key, value: Buffer.from(value.buffer, value.byteOffset, value.byteLength), headers: { ...headers } };
}

function messageBytes({ key, value, headers }: Message): number {
  const headerBytes = Object.entries(headers ?? {}).reduce(
    (sum, [name, text]) => sum + Buffer.byteLength(name) + Buffer.byteLength(String(text)) + 10,
    0,
  );
  return recordOverheadBytes + Buffer.byteLength(key ?? '') + (value?.length ?? 0) + headerBytes;
}

function translated(error: unknown, topic: string): RelayError {
  const { reason, kafkaError } = failureReason(error);
  const context = { facts: { reason, kafkaError, topic }, cause: error };
  return reason === 'too-large'
    ? new RelayError('CHANGES_TOO_LARGE', 'Kafka does not take as much in one batch', context)
    : new RelayError('CHANGE_LOG_UNAVAILABLE', 'Kafka did not take the records in time', context);
}
