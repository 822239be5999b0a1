import { describe, expect, it } from 'vitest';
import { LeasedLimiter } from '#lib/pacing/leased-limiter.ts';
import type { Lease, LeaseRequest, LimitSecond, LimitStore } from '#lib/pacing/limit-store.ts';
import type { Entrance } from '#lib/pacing/limiter.ts';
import { SimulatedTime } from '../../support/simulated-time.ts';
import { seededRandom } from '../../support/seeded-random.ts';
import { InMemoryLimitStore } from './in-memory-limit-store.ts';
import { limited, observe } from './limited-instances.ts';

/** The half of a second in which nothing is renewed. */
const start = new Date('2026-11-22T06:00:00.100Z');
const alone = { instances: 1, callers: 30, random: seededRandom(7), latencyMs: [5, 15], skewMs: 0 } as const;

/** Notes what is asked of a store in memory, which can be away. */
class WatchedStore implements LimitStore {
  readonly calls: string[] = [];
  away = false;
  readonly #store = new InMemoryLimitStore();

  async lease(of: LimitSecond, request: LeaseRequest): Promise<Lease> {
    this.calls.push('lease');
    if (this.away) throw new Error('away');
    return this.#store.lease(of, request);
  }

  async carry(of: LimitSecond, places: number): Promise<number> {
    this.calls.push(`carry ${places}`);
    if (this.away) throw new Error('away');
    return this.#store.carry(of, places);
  }
}

function scene() {
  const time = new SimulatedTime(start);
  const store = new WatchedStore();
  const instance = () => new LeasedLimiter({ store, now: () => new Date(time.nowMs), after: (ms, run) => { time.after(ms, run); } }); // prettier-ignore
  return { time, store, instance, limiter: instance() };
}
const opened = (entrance: Entrance) => {
  if (entrance.kind !== 'open') throw new Error('full');
  return entrance;
};

describe('a limiter', () => {
  it('lets ten requests at a time through where no limits are set, and looks no further once it knows there is no more', async () => {
    const { limiter, store } = scene();
    for (let request = 0; request < 10; request += 1) opened(await limiter.enter(limited, undefined));
    expect(await limiter.enter(limited, undefined)).toEqual({ kind: 'full', retryMs: 200 });
    const calls = store.calls.length;
    expect(await limiter.enter(limited, undefined)).toMatchObject({ kind: 'full' });
    expect(store.calls).toHaveLength(calls);
  });

  it('takes a place again that came free, without asking the store', async () => {
    const { limiter, store } = scene();
    opened(await limiter.enter(limited, { concurrency: 1 })).leave();
    const calls = store.calls.length;
    for (let request = 0; request < 50; request += 1) opened(await limiter.enter(limited, { concurrency: 1 })).leave();
    expect(store.calls).toHaveLength(calls);
  });

  it('counts a request that leaves twice once', async () => {
    const { limiter } = scene();
    const first = opened(await limiter.enter(limited, { concurrency: 2 }));
    opened(await limiter.enter(limited, { concurrency: 2 }));
    first.leave();
    first.leave();
    opened(await limiter.enter(limited, { concurrency: 2 }));
    expect(await limiter.enter(limited, { concurrency: 2 })).toMatchObject({ kind: 'full' });
  });

  it('says to come back with the next second when its attempts are used up, and then has as many again', async () => {
    const { limiter, time } = scene();
    const limits = { deliveriesPerSecond: 3 };
    for (let request = 0; request < 3; request += 1) opened(await limiter.enter(limited, limits)).leave();
    expect(await limiter.enter(limited, limits)).toEqual({ kind: 'full', retryMs: 900 });
    await time.pass(900);
    for (let request = 0; request < 3; request += 1) opened(await limiter.enter(limited, limits)).leave();
    expect(await limiter.enter(limited, limits)).toEqual({ kind: 'full', retryMs: 1_000 });
  });

  it('shares what there is among instances, and one that asks later gets what is left', async () => {
    const { limiter, instance } = scene();
    const other = instance();
    for (let request = 0; request < 6; request += 1) opened(await limiter.enter(limited, { concurrency: 8 }));
    for (let request = 0; request < 2; request += 1) opened(await other.enter(limited, { concurrency: 8 }));
    expect(await other.enter(limited, { concurrency: 8 })).toMatchObject({ kind: 'full' });
  });

  it('takes a request that outlasts its seconds along, once a second, and others get no place of it', async () => {
    const { limiter, instance, store, time } = scene();
    const long = opened(await limiter.enter(limited, { concurrency: 1 }));
    await time.pass(15_000);
    expect(store.calls).toEqual(['lease', ...Array.from({ length: 15 }, () => 'carry 1')]);
    expect(await instance().enter(limited, { concurrency: 1 })).toMatchObject({ kind: 'full' });
    long.leave();
    // What it had renewed is free with the second after.
    await time.pass(2_000);
    opened(await instance().enter(limited, { concurrency: 1 }));
  });

  it('asks nothing of the store while nothing is under way', async () => {
    const { limiter, store, time } = scene();
    opened(await limiter.enter(limited, undefined)).leave();
    const calls = store.calls.length;
    await time.pass(60_000);
    expect(store.calls).toHaveLength(calls);
  });

  it('frees the places of an instance that died within two seconds', async () => {
    const time = new SimulatedTime(start);
    const store = new InMemoryLimitStore();
    const dead = new LeasedLimiter({ store, now: () => new Date(time.nowMs), after: () => undefined });
    opened(await dead.enter(limited, { concurrency: 1 }));
    await time.pass(2_000);
    const living = new LeasedLimiter({ store, now: () => new Date(time.nowMs), after: () => undefined });
    opened(await living.enter(limited, { concurrency: 1 }));
  });

  it('near the end of a second begins only what has a place in the next one too', async () => {
    const { limiter, instance, time } = scene();
    const other = instance();
    await time.pass(750);
    opened(await limiter.enter(limited, { concurrency: 2 }));
    opened(await other.enter(limited, { concurrency: 2 }));
    await time.pass(160);
    expect(await limiter.enter(limited, { concurrency: 2 })).toMatchObject({ kind: 'full' });
    expect(await other.enter(limited, { concurrency: 2 })).toMatchObject({ kind: 'full' });
  });

  it('throws when it needs a lease and the store is away, and goes on once it is back', async () => {
    const { limiter, store } = scene();
    store.away = true;
    const tries = await Promise.allSettled([1, 2, 3].map(() => limiter.enter(limited, { concurrency: 1 })));
    expect(tries.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    store.away = false;
    opened(await limiter.enter(limited, { concurrency: 1 }));
  });

  it('goes on with what is under way when a renewal fails, and begins nothing on it', async () => {
    const { limiter, store, time } = scene();
    opened(await limiter.enter(limited, { concurrency: 2 }));
    store.away = true;
    await time.pass(1_000);
    await expect(limiter.enter(limited, { concurrency: 2 })).rejects.toThrow('away');
    store.away = false;
    opened(await limiter.enter(limited, { concurrency: 2 }));
    expect(await limiter.enter(limited, { concurrency: 2 })).toMatchObject({ kind: 'full' });
  });

  it('begins nothing in place of what ends while its renewal was lost and others have its places', async () => {
    const { limiter, instance, store, time } = scene();
    const [limits, other] = [{ concurrency: 2 }, instance()];
    const first = opened(await limiter.enter(limited, limits));
    store.away = true;
    await time.pass(900);
    store.away = false;
    for (let request = 0; request < 2; request += 1) opened(await other.enter(limited, limits));
    first.leave();
    expect(await limiter.enter(limited, limits)).toMatchObject({ kind: 'full' });
  });

  it('gets back to the limit after a lost renewal: whoever hears of too many replaces nothing that ends', async () => {
    const { limiter, instance, store, time } = scene();
    const [limits, other] = [{ concurrency: 2 }, instance()];
    const ours = [opened(await limiter.enter(limited, limits)), opened(await limiter.enter(limited, limits))];
    store.away = true;
    await time.pass(900);
    store.away = false;
    const theirs = [opened(await other.enter(limited, limits)), opened(await other.enter(limited, limits))];
    await time.pass(1_100);
    // The one that renews last hears of it.
    theirs[0]?.leave();
    expect(await other.enter(limited, limits)).toMatchObject({ kind: 'full' });
    theirs[1]?.leave();
    expect(await other.enter(limited, limits)).toMatchObject({ kind: 'full' });
    // All of it ended, and in the next second all of it is there again.
    for (const request of ours) request.leave();
    await time.pass(2_000);
    for (let request = 0; request < 2; request += 1) opened(await other.enter(limited, limits));
    expect(await other.enter(limited, limits)).toMatchObject({ kind: 'full' });
  });

  it('keeps to a limit that was lowered while more was under way', async () => {
    const { limiter } = scene();
    const requests = [];
    for (let request = 0; request < 4; request += 1) requests.push(opened(await limiter.enter(limited, { concurrency: 4 })));
    requests[0]?.leave();
    expect(await limiter.enter(limited, { concurrency: 3 })).toMatchObject({ kind: 'full' });
    requests[1]?.leave();
    opened(await limiter.enter(limited, { concurrency: 3 }));
  });
});

describe('eight instances', () => {
  it.each([
    [50, 30],
    [100, 10],
  ])('together come to at least nine tenths of %i attempts a second with %i places', async (deliveriesPerSecond, concurrency) => {
    const limits = { deliveriesPerSecond, concurrency };
    const seen = await observe({ ...alone, instances: 8, callers: 10, limits, durationMs: [10, 20] }, 6);
    const full = [...seen.begunBySecond.values()].slice(2, 6);
    expect(full.reduce((sum, begun) => sum + begun, 0) / full.length).toBeGreaterThanOrEqual(0.9 * deliveriesPerSecond);
  });
});

describe('one instance alone', () => {
  it.each([1, 10, 100])('reaches a concurrency of %i', async (concurrency) => {
    const seen = await observe({ ...alone, callers: 2 * concurrency, limits: { concurrency }, durationMs: [400, 400] }, 10);
    // A request takes 400 ms, and at most 200 more go by until a caller looks again; half a second is for the start.
    expect(seen.begun).toBeGreaterThanOrEqual(concurrency * Math.floor(8_500 / 600));
    expect(seen.mostBusy).toBe(concurrency);
  });

  it.each([1, 7, 50, 400])('reaches %i attempts a second', async (deliveriesPerSecond) => {
    const seen = await observe({ ...alone, limits: { deliveriesPerSecond, concurrency: 30 }, durationMs: [10, 20] }, 6);
    const full = [...seen.begunBySecond.values()].slice(2, 6);
    expect(Math.min(...full)).toBe(deliveriesPerSecond);
  });

  it('writes a few times a second however much it sends', async () => {
    const seen = await observe({ ...alone, limits: { deliveriesPerSecond: 400, concurrency: 30 }, durationMs: [10, 20] }, 6);
    expect(seen.begun).toBeGreaterThan(1_500);
    expect(seen.storeCalls / 6).toBeLessThanOrEqual(12);
  });
});
