import { defaultConcurrency, type Limits, type SubscriptionId } from '../subscriptions/subscription.ts';
import type { Entrance, Limiter } from './limiter.ts';
import { patienceMs } from './patient-limiter.ts';

/**
 * The limiter of what is sent again: live deliveries go first. A replay begins a request only while fewer than half of a subscription's places, and of a
 * second's attempts, are taken, by whatever kind; so the other half is always there for what is live, and what is live may take all.
 *
 * Half of one is one, which would leave nothing. There a replay begins requests in one of three turns only, each as long as an attempt may take and the
 * limiter below may have it wait for room. It asks for room no later than that wait before the end of the first; by the end of the second all that it
 * began is over, with as much again for what the stores take in between; and the third is for what is live alone. A live delivery that found no room
 * looks again for some seconds, and is parked then: at most until the next run of `sweep`.
 *
 * It needs a limiter of its own below, on the store of the live one: what a limiter has heard, that nothing is left, it holds against all its callers.
 */
export class ReplayLimiter implements Limiter {
  readonly #limiter: Limiter;
  readonly #now: () => Date;
  readonly #attemptMs: number;

  /** @param parts.attemptMs the time an attempt may take */
  constructor(limiter: Limiter, parts: { now: () => Date; attemptMs: number }) {
    this.#limiter = limiter;
    this.#now = parts.now;
    this.#attemptMs = parts.attemptMs;
  }

  /** @throws RelayError DELIVERY_STORE_UNAVAILABLE */
  enter(subscription: SubscriptionId, limits: Limits | undefined): Promise<Entrance> {
    const { concurrency = defaultConcurrency, deliveriesPerSecond } = limits ?? {};
    const waitMs = concurrency === 1 || deliveriesPerSecond === 1 ? this.#untilTurnMs() : 0;
    if (waitMs > 0) return Promise.resolve({ kind: 'full', retryMs: waitMs });
    const rate = deliveriesPerSecond === undefined ? {} : { deliveriesPerSecond: halfOf(deliveriesPerSecond) };
    return this.#limiter.enter(subscription, { concurrency: halfOf(concurrency), ...rate });
  }

  #untilTurnMs(): number {
    const roundMs = 3 * (this.#attemptMs + patienceMs);
    const intoRoundMs = this.#now().getTime() % roundMs;
    return intoRoundMs < this.#attemptMs ? 0 : roundMs - intoRoundMs;
  }
}

function halfOf(limit: number): number {
  return Math.max(1, Math.floor(limit / 2));
}
