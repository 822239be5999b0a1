import type { Subscription, SubscriptionId, SubscriptionReader } from './subscription.ts';

/** A new or changed subscription takes effect within five seconds (docs/api.md); half of it is left for the way. */
const defaultMaxAgeMs = 2_500;
/** Subscriptions kept for `find`. */
const maxFound = 1_000;

interface Read<T> {
  readonly value: Promise<T>;
  /** When the read began: what it answers is as old as that. */
  readonly startedAtMs: number;
  done: boolean;
}

/**
 * Subscriptions as fan-out and deliver see them: read once and kept for `maxAgeMs`, one read at a time.
 *
 * Nothing older is ever used, not even while the store is unreachable: a subscription that was deleted or switched off must
 * not be sent to. Then both methods throw, and the queue and the log try again later.
 */
export class SubscriptionDirectory implements SubscriptionReader {
  readonly #reader: SubscriptionReader;
  readonly #now: () => Date;
  readonly #maxAgeMs: number;
  #all: Read<Subscription[]> | undefined;
  readonly #found = new Map<SubscriptionId, Read<Subscription | undefined>>();

  constructor(reader: SubscriptionReader, options: { now: () => Date; maxAgeMs?: number }) {
    this.#reader = reader;
    this.#now = options.now;
    this.#maxAgeMs = options.maxAgeMs ?? defaultMaxAgeMs;
  }

  /** The same array as long as it is not read again, so that what is compiled from it can be kept by it. @throws RelayError SUBSCRIPTION_STORE_UNAVAILABLE */
  all(): Promise<Subscription[]> {
    if (this.#isGood(this.#all)) return this.#all.value;
    const read = this.#read(this.#reader.all());
    this.#all = read;
    // Callers get the rejection from the promise itself; here it is only not kept.
    read.value.catch(() => {
      if (this.#all === read) this.#all = undefined;
    });
    return read.value;
  }

  /**
   * Undefined only if the store says so now: a subscription that was made after the last read is known to whoever queued
   * something for it, and must not be taken for a deleted one.
   * @throws RelayError SUBSCRIPTION_STORE_UNAVAILABLE
   */
  find(id: SubscriptionId): Promise<Subscription | undefined> {
    const known = this.#found.get(id);
    if (this.#isGood(known)) return known.value;
    const read = this.#read(this.#reader.find(id));
    this.#keep(id, read);
    const forget = () => this.#found.get(id) === read && this.#found.delete(id);
    // As above; and what was not found is not kept either.
    read.value.then((subscription) => subscription === undefined && forget(), forget);
    return read.value;
  }

  /** For the one who changed it: the next `find` and `all` read again. */
  forget(id: SubscriptionId): void {
    this.#found.delete(id);
    this.#all = undefined;
  }

  #read<T>(value: Promise<T>): Read<T> {
    const read: Read<T> = { value, startedAtMs: this.#now().getTime(), done: false };
    const finish = () => void (read.done = true);
    value.then(finish, finish);
    return read;
  }

  /** A read under way is shared whatever it takes; a finished one is good until it is too old. */
  #isGood<T>(read: Read<T> | undefined): read is Read<T> {
    return read !== undefined && (!read.done || this.#now().getTime() - read.startedAtMs < this.#maxAgeMs);
  }

  #keep(id: SubscriptionId, read: Read<Subscription | undefined>): void {
    this.#found.delete(id);
    const oldest = this.#found.keys().next();
    if (this.#found.size >= maxFound && oldest.done !== true) this.#found.delete(oldest.value);
    this.#found.set(id, read);
  }
}
