import { LeasedLimiter } from '#lib/pacing/leased-limiter.ts';
import type { Lease, LeaseRequest, LimitSecond, LimitStore } from '#lib/pacing/limit-store.ts';
import { subscriptionIdSchema, type Limits } from '#lib/subscriptions/subscription.ts';
import { SimulatedTime } from '../../support/simulated-time.ts';
import { InMemoryLimitStore } from './in-memory-limit-store.ts';

export const limited = subscriptionIdSchema.parse('sub_01k9payr0ll0000000000000');
const startedAt = new Date('2026-11-22T06:00:00.000Z');

export interface Scene {
  readonly limits: Limits | undefined;
  readonly instances: number;
  /** Callers of each instance, each with a request after the other. */
  readonly callers: number;
  readonly random: () => number;
  /** Of a request, in milliseconds. */
  readonly durationMs: readonly [min: number, max: number];
  /** Of each half of a call of the store. */
  readonly latencyMs: readonly [min: number, max: number];
  /** How far an instance's clock may be off, either way. */
  readonly skewMs: number;
  /** Share of renewals that the store does not take. */
  readonly failing?: number;
}

export interface Observed {
  /** Most requests under way at a time, all instances together. */
  readonly mostBusy: number;
  /** Most requests under way beyond the cap and what was renewed too late, or not at all, for those that may still be under way. */
  readonly unexplained: number;
  /** Attempts begun, by second of the clock of the instance that began it. */
  readonly begunBySecond: ReadonlyMap<number, number>;
  readonly begun: number;
  readonly storeCalls: number;
}

/** From a late renewal until everybody who has places has renewed and heard that they are too many: a second, and two calls. */
const learnMs = 3_000;

/** Lets instances press against the limits of one subscription for so many seconds, in simulated time. */
export async function observe(scene: Scene, seconds: number): Promise<Observed> {
  const time = new SimulatedTime(startedAt);
  const between = ([min, max]: readonly [number, number]) => Math.round(min + (max - min) * scene.random());
  const store = new DistantStore({ time, scene, between });
  const cap = scene.limits?.concurrency ?? 10;
  const begunBySecond = new Map<number, number>();
  let [busy, mostBusy, unexplained, begun] = [0, 0, -Infinity, 0];
  const endsAtMs = time.nowMs + seconds * 1_000;

  const call = async (limiter: LeasedLimiter, clock: () => number): Promise<void> => {
    await time.sleep(between([0, 1_500]));
    while (time.nowMs < endsAtMs) {
      const entrance = await limiter.enter(limited, scene.limits);
      if (entrance.kind === 'full') {
        await time.sleep(entrance.retryMs);
        continue;
      }
      begun += 1;
      busy += 1;
      const second = Math.floor(clock() / 1_000);
      begunBySecond.set(second, (begunBySecond.get(second) ?? 0) + 1);
      mostBusy = Math.max(mostBusy, busy);
      unexplained = Math.max(unexplained, busy - cap - store.lateSince(time.nowMs - scene.durationMs[1] - learnMs));
      await time.sleep(between(scene.durationMs));
      busy -= 1;
      entrance.leave();
    }
  };
  for (let instance = 0; instance < scene.instances; instance += 1) {
    const offMs = between([-scene.skewMs, scene.skewMs]);
    const clock = () => time.nowMs + offMs;
    const after = (ms: number, run: () => void) => {
      time.after(ms, run);
    };
    const limiter = new LeasedLimiter({ store, now: () => new Date(clock()), after });
    for (let caller = 0; caller < scene.callers; caller += 1) void call(limiter, clock);
  }
  await time.pass(seconds * 1_000 + 60_000);
  return { mostBusy, unexplained, begunBySecond, begun, storeCalls: store.calls };
}

interface Distance {
  readonly time: SimulatedTime;
  readonly scene: Scene;
  readonly between: (range: readonly [number, number]) => number;
}

/** A store some milliseconds away, which takes each call at some moment in between. */
class DistantStore implements LimitStore {
  calls = 0;
  readonly #store = new InMemoryLimitStore();
  readonly #late: { readonly atMs: number; readonly places: number }[] = [];
  readonly #distance: Distance;

  constructor(distance: Distance) {
    this.#distance = distance;
  }

  lease(of: LimitSecond, request: LeaseRequest): Promise<Lease> {
    return this.#call(() => this.#store.lease(of, request));
  }

  carry(of: LimitSecond, places: number): Promise<number> {
    const { time, scene, between } = this.#distance;
    const wayMs = between(scene.latencyMs);
    const lost = scene.random() < (scene.failing ?? 0);
    const late = time.nowMs + wayMs >= of.second * 1_000 - scene.skewMs;
    // From now on, for it may be on its way while others begin in its places.
    if (lost || late) this.#late.push({ atMs: time.nowMs, places });
    return this.#call(() => (lost ? Promise.reject(new Error('not taken')) : this.#store.carry(of, places)), wayMs);
  }

  /** Places whose renewal came when its second had begun for some, or never, since then. */
  lateSince(sinceMs: number): number {
    return this.#late.reduce((sum, { atMs, places }) => (atMs >= sinceMs ? sum + places : sum), 0);
  }

  async #call<T>(work: () => Promise<T>, wayMs?: number): Promise<T> {
    const { time, scene, between } = this.#distance;
    this.calls += 1;
    await time.sleep(wayMs ?? between(scene.latencyMs));
    const result = work();
    // Its outcome is looked at when it has travelled back.
    result.catch(() => undefined);
    await time.sleep(between(scene.latencyMs));
    return result;
  }
}
