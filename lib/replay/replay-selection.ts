import { deliveryIdOf } from '../delivery/delivery.ts';
import type { QueuedDelivery } from '../delivery/delivery-queue.ts';
import { readRecord, type ReadableRecord } from '../fan-out/read-record.ts';
import { placed } from '../delivery/lane.ts';
import { RelayError } from '../errors.ts';
import type { LogRecord } from '../intake/change-log.ts';
import { compileSubscription, type Matcher } from '../subscriptions/matches.ts';
import { narrowedChange } from '../subscriptions/narrowed-change.ts';
import type { Subscription } from '../subscriptions/subscription.ts';
import { matchesTypePattern } from '../subscriptions/type-pattern.ts';
import type { Replay } from './replay.ts';

export type Selected =
  | { readonly kind: 'outside' }
  | { readonly kind: 'unreadable' }
  /** Not the subscription's. */
  | { readonly kind: 'other' }
  /** The subscription's. `wanted`: and within the replay's own `types` and `user`. */
  | { readonly kind: 'owed'; readonly record: ReadableRecord; readonly wanted: boolean };

/** What a replay makes of a record: the subscription's own matching first, its narrowing by `types` and `user` after that. */
export class ReplaySelection {
  readonly #replay: Replay;
  readonly #subscription: Subscription;
  readonly #matches: Matcher;
  readonly #fromMs: number;
  readonly #toMs: number;

  /** @throws RelayError SUBSCRIPTION_STORE_UNAVAILABLE when the stored filter does not compile, as fan-out has it */
  constructor(replay: Replay, subscription: Subscription) {
    this.#replay = replay;
    this.#subscription = subscription;
    this.#matches = compiled(subscription);
    this.#fromMs = Date.parse(replay.from);
    this.#toMs = Date.parse(replay.to);
  }

  select(record: LogRecord): Selected {
    // The range was cut by the same times; a clock that was set back can still leave records of other times inside it.
    if (record.timestampMs < this.#fromMs || record.timestampMs >= this.#toMs) return { kind: 'outside' };
    const reading = readRecord(record);
    if (reading.kind === 'unreadable') return reading;
    if (!this.#matches(reading.change)) return { kind: 'other' };
    const { types, user } = this.#replay;
    const { change } = reading;
    const wanted =
      (types === undefined || types.some((pattern) => matchesTypePattern(pattern, change.type))) &&
      (user === undefined || change.data.user?.id === user);
    return { kind: 'owed', record: reading, wanted };
  }

  /** The delivery of a change by this replay: an id of its own, the lane it always has, and as fan-out has it only what is asked for. */
  delivery({ change, orderingKey, traceparent }: ReadableRecord): QueuedDelivery {
    const { id, full } = this.#replay;
    const { org } = change.data;
    const message = {
      v: 1 as const,
      delivery: deliveryIdOf(this.#subscription.id, org, change.id, id),
      subscription: this.#subscription.id,
      org,
      change: narrowedChange(change, this.#subscription),
      ...(traceparent === undefined ? {} : { traceparent }),
      replay: { id, full },
    };
    return placed(message, { orderingKey, ordering: this.#subscription.ordering });
  }
}

function compiled(subscription: Subscription): Matcher {
  try {
    return compileSubscription(subscription);
  } catch (cause) {
    const facts = { subscription: subscription.id };
    throw new RelayError('SUBSCRIPTION_STORE_UNAVAILABLE', 'A stored filter does not compile', { facts, cause });
  }
}
