import { describe, expect, it } from 'vitest';
import { LeasedLimiter } from '#lib/pacing/leased-limiter.ts';
import { limitedReceives } from '#lib/lanes/queue-wait.ts';
import type { Entrance, Limiter } from '#lib/pacing/limiter.ts';
import { ReplayLimiter } from '#lib/pacing/replay-limiter.ts';
import type { Limits } from '#lib/subscriptions/subscription.ts';
import { SimulatedTime } from '../../support/simulated-time.ts';
import { InMemoryLimitStore } from './in-memory-limit-store.ts';
import { limited } from './limited-instances.ts';

const turnMs = 15_000;
/** The beginning of a round of turns, in the half of a second in which nothing is renewed. */
const start = new Date(Math.ceil(Date.parse('2026-11-22T06:00:00.000Z') / (3 * turnMs)) * 3 * turnMs + 100);

/** Instances of deliver on one store: each has a limiter for what is live and one for what is sent again. */
function scene() {
  const time = new SimulatedTime(start);
  const store = new InMemoryLimitStore();
  const now = () => new Date(time.nowMs);
  const leased = () => new LeasedLimiter({ store, now, after: (ms, run) => { time.after(ms, run); } }); // prettier-ignore
  return { time, live: leased(), replay: () => new ReplayLimiter(leased(), { now, turnMs }) };
}

/** As many requests as there is room for, of so many that come at once. */
async function begunBy(limiter: Limiter, limits: Limits | undefined, count: number) {
  const entrances: Entrance[] = [];
  for (let request = 0; request < count; request += 1) entrances.push(await limiter.enter(limited, limits));
  return entrances.filter((entrance) => entrance.kind === 'open');
}

/** Sends one request after the other, each `tookMs` long, from now on. */
function press({ time }: ReturnType<typeof scene>, limiter: Limiter, { limits, tookMs }: { limits: Limits; tookMs: number }): void {
  void (async () => {
    for (;;) {
      const entrance = await limiter.enter(limited, limits);
      await time.sleep(entrance.kind === 'open' ? tookMs : entrance.retryMs);
      if (entrance.kind === 'open') entrance.leave();
    }
  })();
}

describe('a limiter of what is sent again', () => {
  it.each([
    [undefined, 5],
    [{ concurrency: 2 }, 1],
    [{ concurrency: 3 }, 1],
    [{ concurrency: 100 }, 50],
  ])(
    'begins half of %j at a time, over all instances, and leaves live deliveries the rest, however long it holds its own',
    async (limits, half) => {
      const { time, live, replay } = scene();
      const concurrency = limits?.concurrency ?? 10;
      const begun = [...(await begunBy(replay(), limits, concurrency)), ...(await begunBy(replay(), limits, concurrency))];
      expect(begun).toHaveLength(half);
      for (let second = 0; second < 14; second += 1) {
        const entered = await begunBy(live, limits, concurrency + 1);
        expect(entered).toHaveLength(concurrency - half);
        for (const one of entered) one.leave();
        await time.pass(1_000);
      }
    },
  );

  it('begins nothing while half of the places are taken by what is live, and goes on once they are free', async () => {
    const { time, live, replay } = scene();
    const busy = await begunBy(live, undefined, 5);
    const again = replay();
    expect(await begunBy(again, undefined, 1)).toEqual([]);
    for (const one of busy) one.leave();
    await time.pass(1_000);
    expect(await begunBy(again, undefined, 10)).toHaveLength(5);
  });

  it('begins half of the attempts of a second at most, and leaves live deliveries the rest', async () => {
    const { time, live, replay } = scene();
    const limits = { deliveriesPerSecond: 7 };
    const again = replay();
    for (let second = 0; second < 10; second += 1) {
      expect(await endedAtOnce(again, limits, 7)).toBe(3);
      expect(await endedAtOnce(live, limits, 8)).toBe(4);
      await time.pass(1_000);
    }
  });

  it.each([
    ['requests that take a moment', 40],
    ['requests that take all the time they have', turnMs],
  ])('leaves a single place to live deliveries for a third of the time at least, beside %s', async (_, tookMs) => {
    const limits = { concurrency: 1 };
    const stage = scene();
    for (let instance = 0; instance < 3; instance += 1) press(stage, stage.replay(), { limits, tookMs });
    const free = [0, 0];
    for (let second = 0; second < 90; second += 1) {
      await stage.time.pass(1_000);
      const entrance = await stage.live.enter(limited, limits);
      if (entrance.kind !== 'open') continue;
      entrance.leave();
      free[Math.floor(second / 45)]! += 1;
    }
    // A place that comes free is there for others with the second after the next.
    for (const seconds of free) expect(seconds).toBeGreaterThanOrEqual(turnMs / 1_000 - 2);
    // What is live takes it for so long only.
    for (const seconds of free) expect(seconds).toBeLessThan(45);
  });

  it('lets a live delivery in before it is parked, beside a replay that never rests on a single place', async () => {
    const limits = { concurrency: 1 };
    for (const afterMs of [1_000, 7_000, 14_000, 20_000]) {
      const stage = scene();
      for (let instance = 0; instance < 3; instance += 1) press(stage, stage.replay(), { limits, tookMs: 200 });
      await stage.time.pass(afterMs);
      let receives = 1;
      for (; (await stage.live.enter(limited, limits)).kind === 'full'; receives += 1) await stage.time.pass(1_000 * 2 ** (receives - 1));
      expect(receives, `come after ${afterMs} ms`).toBeLessThanOrEqual(limitedReceives);
    }
  });

  it('says when its turn is', async () => {
    const { time, replay } = scene();
    await time.pass(20_000);
    expect(await replay().enter(limited, { concurrency: 1 })).toEqual({ kind: 'full', retryMs: 24_900 });
    expect(await replay().enter(limited, { deliveriesPerSecond: 1 })).toEqual({ kind: 'full', retryMs: 24_900 });
    expect(await replay().enter(limited, { concurrency: 2, deliveriesPerSecond: 2 })).toMatchObject({ kind: 'open' });
  });
});

async function endedAtOnce(limiter: Limiter, limits: Limits, count: number): Promise<number> {
  let begun = 0;
  for (let request = 0; request < count; request += 1) {
    const entrance = await limiter.enter(limited, limits);
    if (entrance.kind !== 'open') continue;
    begun += 1;
    entrance.leave();
  }
  return begun;
}
