import type { Limits, SubscriptionId } from '../subscriptions/subscription.ts';
import type { Entrance, Limiter } from './limiter.ts';

/**
 * How long a call waits here for room before it is told to come back. A burst to an endpoint that is well is over sooner, while what comes back waits a
 * second in the queue at least, and in a parked lane for sweep. Where it is known to take longer nobody waits: an instance that waits for one subscription
 * is missed by all others.
 */
export const patienceMs = 2_000;
/** Subscriptions of one instance; of those with nothing under way, the one that came first is forgotten first. */
const maxTallies = 1_000;
/** Share of the newest request in the average of how long they take. */
const newestShare = 0.2;

interface Tally {
  /** Requests of this instance under way. */
  busy: number;
  /** Calls of this instance that wait for one of them to end. */
  waiting: number;
  averageMs: number;
}

/** A limiter whose calls wait a little for room beside requests of their own instance: what those leave is theirs to take. */
export class PatientLimiter implements Limiter {
  readonly #limiter: Limiter;
  readonly #now: () => Date;
  /** Resolves `ms` from now. */
  readonly #pause: (ms: number) => Promise<void>;
  readonly #tallies = new Map<SubscriptionId, Tally>();

  constructor(limiter: Limiter, parts: { now: () => Date; pause: (ms: number) => Promise<void> }) {
    this.#limiter = limiter;
    this.#now = parts.now;
    this.#pause = parts.pause;
  }

  /** @throws RelayError DELIVERY_STORE_UNAVAILABLE */
  async enter(subscription: SubscriptionId, limits: Limits | undefined): Promise<Entrance> {
    const tally = this.#tallyOf(subscription);
    const untilMs = this.#now().getTime() + patienceMs;
    for (let isWaiting = false; ;) {
      const entrance = await this.#limiter.enter(subscription, limits).catch((error: unknown) => {
        if (isWaiting) tally.waiting -= 1;
        throw error;
      });
      const leftMs = untilMs - this.#now().getTime();
      const goesOn = entrance.kind === 'full' && leftMs > 0 && tally.busy > 0 && (isWaiting || expectedMs(tally) <= leftMs);
      if (isWaiting && !goesOn) tally.waiting -= 1;
      if (entrance.kind === 'open') return this.#begun(tally, entrance);
      if (!goesOn) return entrance;
      if (!isWaiting) tally.waiting += 1;
      isWaiting = true;
      await this.#pause(Math.min(entrance.retryMs, pauseMs(tally), leftMs));
    }
  }

  #begun(tally: Tally, entrance: Extract<Entrance, { kind: 'open' }>): Entrance {
    const startedMs = this.#now().getTime();
    tally.busy += 1;
    let left = false;
    const leave = (): void => {
      if (left) return;
      left = true;
      tally.busy -= 1;
      tally.averageMs += (this.#now().getTime() - startedMs - tally.averageMs) * newestShare;
      entrance.leave();
    };
    return { kind: 'open', leave };
  }

  #tallyOf(subscription: SubscriptionId): Tally {
    const known = this.#tallies.get(subscription);
    if (known !== undefined) return known;
    const [idle] = this.#tallies.size >= maxTallies ? ([...this.#tallies].find(([, { busy, waiting }]) => busy + waiting === 0) ?? []) : [];
    if (idle !== undefined) this.#tallies.delete(idle);
    const tally = { busy: 0, waiting: 0, averageMs: 0 };
    this.#tallies.set(subscription, tally);
    return tally;
  }
}

/** Until one who comes now has his turn. Nothing is known before the first request has ended: then it is tried. */
function expectedMs({ busy, waiting, averageMs }: Tally): number {
  return Math.ceil((waiting + 1) / Math.max(1, busy)) * averageMs;
}

/** Between two looks: about as long as it takes until one of the requests under way ends, shared by those who wait. */
function pauseMs({ averageMs, waiting }: Tally): number {
  return Math.max(5, Math.min(200, averageMs / 2 + waiting / 10));
}
