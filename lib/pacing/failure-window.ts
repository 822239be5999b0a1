import type { SubscriptionId } from '../subscriptions/subscription.ts';

/** When a circuit opens, as data: after repeated failures over several lanes, or at a rate of failures. */
export const failurePolicy = {
  /** So many failures and refusals without a success in between ... */
  inARow: 5,
  /** ... in so many lanes: one poisonous change, tried again and again, is no reason to stop the others. */
  lanes: 3,
  /** Or: of so many attempts in the window ... */
  rateAttempts: 20,
  /** ... such a share failed. */
  rateShare: 0.5,
  windowSeconds: 60,
  /** Either way, failures must have gone on for so long: a restart of the endpoint is over sooner, and the retry after 5 s meets it again. */
  spanSeconds: 10,
  /** Subscriptions that one environment keeps count of; the one that was quiet longest is forgotten first. */
  maxSubscriptions: 1_000,
} as const;

export interface NotedAttempt {
  /** The lane: the group of its message in the queue. */
  readonly group: string;
  readonly verdict: 'accepted' | 'failed' | 'refused';
  readonly now: Date;
}

interface Second {
  readonly second: number;
  attempts: number;
  failures: number;
}

interface Tally {
  /** Failures and refusals since the last success. */
  inARow: number;
  /** When the first of them was. */
  sinceSecond: number;
  /** Their lanes; no more are kept than are asked for. */
  readonly groups: Set<string>;
  /** Oldest first; those of the window only. */
  seconds: Second[];
}

/**
 * What one environment saw of each endpoint lately, in memory. Each judges by what it saw itself: an endpoint that is down is seen failing by
 * all that send to it, and a count shared by all would be a write for every attempt.
 *
 * A refusal (400, 404, 409, 413, 422) is an answer: the endpoint is up, and the change at fault. So it does not count in the rate. That several lanes were
 * refused and none accepted means that the endpoint itself is misconfigured, and then nothing is to be gained from trying.
 */
export class FailureWindow {
  readonly #tallies = new Map<SubscriptionId, Tally>();

  /** Whether the circuit should open: true with every failure from then on, until something is accepted or `forget` is called. */
  record(subscription: SubscriptionId, { group, verdict, now }: NotedAttempt): boolean {
    const tally = this.#tallyOf(subscription);
    const second = Math.floor(now.getTime() / 1_000);
    if (verdict !== 'refused') count(tally, { second, failed: verdict === 'failed' });
    if (verdict === 'accepted') {
      tally.inARow = 0;
      tally.groups.clear();
      return false;
    }
    if (tally.inARow === 0 || tally.sinceSecond > second) tally.sinceSecond = second;
    tally.inARow += 1;
    if (tally.groups.size < failurePolicy.lanes) tally.groups.add(group);
    const inARow =
      tally.inARow >= failurePolicy.inARow &&
      tally.groups.size >= failurePolicy.lanes &&
      second - tally.sinceSecond >= failurePolicy.spanSeconds;
    return inARow || (verdict === 'failed' && isRateHigh(tally, second));
  }

  /** For one whose circuit was opened or closed: what was seen before says nothing about what comes. */
  forget(subscription: SubscriptionId): void {
    this.#tallies.delete(subscription);
  }

  #tallyOf(subscription: SubscriptionId): Tally {
    const tally = this.#tallies.get(subscription) ?? { inARow: 0, sinceSecond: 0, groups: new Set(), seconds: [] };
    // The one used last is the last of the map, so the first is the one to go.
    this.#tallies.delete(subscription);
    const oldest = this.#tallies.keys().next();
    if (this.#tallies.size >= failurePolicy.maxSubscriptions && oldest.done !== true) this.#tallies.delete(oldest.value);
    this.#tallies.set(subscription, tally);
    return tally;
  }
}

function count(tally: Tally, { second, failed }: { second: number; failed: boolean }): void {
  // A clock that was set back leaves seconds of the future behind, which would stay for ever.
  tally.seconds = tally.seconds.filter((one) => one.second > second - failurePolicy.windowSeconds && one.second <= second);
  const last = tally.seconds.at(-1);
  const current = last?.second === second ? last : { second, attempts: 0, failures: 0 };
  if (current !== last) tally.seconds.push(current);
  current.attempts += 1;
  if (failed) current.failures += 1;
}

function isRateHigh({ seconds }: Tally, now: number): boolean {
  const attempts = seconds.reduce((sum, second) => sum + second.attempts, 0);
  const failures = seconds.reduce((sum, second) => sum + second.failures, 0);
  const first = seconds.find((second) => second.failures > 0)?.second ?? now;
  const isLasting = now - first >= failurePolicy.spanSeconds;
  return isLasting && attempts >= failurePolicy.rateAttempts && failures >= attempts * failurePolicy.rateShare;
}
