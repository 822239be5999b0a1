import { defaultConcurrency, type Limits, type SubscriptionId } from '../subscriptions/subscription.ts';
import { LeaseBook, type Caps } from './lease-book.ts';
import type { LimitStore } from './limit-store.ts';
import type { Entrance, Limiter } from './limiter.ts';

/**
 * How long before a second ends what is under way takes its places in the next. Longer than a write takes and clocks of instances differ,
 * together: what is later than that finds its places given to others.
 */
export const renewMs = 300;
/** Subscriptions of one instance; of those with nothing under way, the one that came first is forgotten first. */
const maxBooks = 1_000;

export interface LeasedLimiterParts {
  readonly store: LimitStore;
  readonly now: () => Date;
  /** Runs something once, `ms` from now. It must not keep the process alive. */
  readonly after: (ms: number, run: () => void) => void;
}

/**
 * Limits over all instances, by leases of one second.
 *
 * An instance leases a few places and tokens of the current second at a time, and begins requests on them without asking anybody. Shortly before the second
 * ends, what is under way takes its places along into the next one; what is idle is free again for everybody. So a busy instance writes about once a
 * second, whatever it sends, and an instance that died holds its places for two seconds at most.
 *
 * How well it holds. Rate: the tokens of a second are given out once and used in that second, by the clock of the instance that uses them; never more.
 * In a second that straddles two of them, up to twice as many can begin. Concurrency: never more either, as long as a renewal reaches the store
 * before its second ends (`renewMs` covers the write and the difference of clocks). A renewal that is late or fails is not waited for, for nobody
 * calls back a request that is out: then there are at most as many too many as that renewal was for. Each renewal learns how many are taken, and whoever
 * finds too many begins nothing in the place of what ends, so they are fewer with every request that ends.
 *
 * @throws RelayError DELIVERY_STORE_UNAVAILABLE when a lease is needed and cannot be had
 */
export class LeasedLimiter implements Limiter {
  readonly #parts: LeasedLimiterParts;
  readonly #books = new Map<SubscriptionId, Entry>();

  constructor(parts: LeasedLimiterParts) {
    this.#parts = parts;
  }

  async enter(subscription: SubscriptionId, limits: Limits | undefined): Promise<Entrance> {
    const caps: Caps = { places: limits?.concurrency ?? defaultConcurrency, tokens: limits?.deliveriesPerSecond };
    const entry = this.#entryOf(subscription);
    const { book } = entry;
    entry.cap = caps.places;
    book.waiting += 1;
    let begun = false;
    try {
      for (;;) {
        const nowMs = this.#parts.now().getTime();
        this.#carry(entry, nowMs);
        const lack = book.lack(nowMs, caps);
        if (lack.kind === 'full') return lack;
        if (lack.kind === 'nothing') {
          begun = true;
          return this.#begin(entry, nowMs);
        }
        // One lease at a time: it is sized for all who wait, and whoever finds nothing left of it asks for the next.
        entry.leasing ??= this.#lease(entry, lack).finally(() => (entry.leasing = undefined));
        await entry.leasing;
      }
    } finally {
      if (!begun) book.waiting -= 1;
    }
  }

  async #lease(
    { subscription, book }: Entry,
    { second, want, caps }: Extract<ReturnType<LeaseBook['lack']>, { kind: 'lease' }>,
  ): Promise<void> {
    book.leased(second, await this.#parts.store.lease({ subscription, second }, { want, caps }));
  }

  #begin(entry: Entry, nowMs: number): Entrance {
    const { book } = entry;
    book.begin(nowMs);
    this.#renewInTime(entry, nowMs);
    let left = false;
    const leave = (): void => {
      if (left) return;
      left = true;
      book.end();
    };
    return { kind: 'open', leave };
  }

  /** A timer at a time, while anything is under way. */
  #renewInTime(entry: Entry, nowMs: number): void {
    if (entry.timed) return;
    entry.timed = true;
    const intoSecondMs = nowMs % 1_000;
    const waitMs = 1_000 - renewMs - intoSecondMs;
    this.#parts.after(waitMs > 0 ? waitMs : waitMs + 1_000, () => {
      entry.timed = false;
      if (entry.book.busy === 0) return;
      const laterMs = this.#parts.now().getTime();
      this.#carry(entry, laterMs);
      this.#renewInTime(entry, laterMs);
    });
  }

  #carry({ subscription, book, cap }: Entry, nowMs: number): void {
    for (const carry of book.carries(nowMs)) {
      this.#parts.store.carry({ subscription, second: carry.second }, carry.places).then(
        (taken) => {
          book.renewed(taken, cap);
        },
        () => {
          // The requests are out and go on: this is the slack told of above. What begins next leases places for them too, or throws itself.
          book.dropped(carry);
        },
      );
    }
  }

  #entryOf(subscription: SubscriptionId): Entry {
    const known = this.#books.get(subscription);
    if (known !== undefined) return known;
    if (this.#books.size >= maxBooks) this.#forgetIdle();
    const entry: Entry = { subscription, book: new LeaseBook(renewMs), cap: 0, leasing: undefined, timed: false };
    this.#books.set(subscription, entry);
    return entry;
  }

  #forgetIdle(): void {
    const idle = [...this.#books.values()].find(({ book }) => book.busy === 0 && book.waiting === 0);
    if (idle !== undefined) this.#books.delete(idle.subscription);
  }
}

interface Entry {
  readonly subscription: SubscriptionId;
  readonly book: LeaseBook;
  /** Places of all instances, as the last caller said. */
  cap: number;
  /** The lease that is being asked for. */
  leasing: Promise<void> | undefined;
  /** Whether a timer is set. */
  timed: boolean;
}
