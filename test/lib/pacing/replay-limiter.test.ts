import { describe, expect, it } from 'vitest';
import { LeasedLimiter } from '#lib/pacing/leased-limiter.ts';
import { limitedReceives } from '#lib/lanes/queue-wait.ts';
import type { Entrance, Limiter } from '#lib/pacing/limiter.ts';
import { PatientLimiter } from '#lib/pacing/patient-limiter.ts';
import { ReplayLimiter } from '#lib/pacing/replay-limiter.ts';
import type { Limits } from '#lib/subscriptions/subscription.ts';
import { SimulatedTime } from '../../support/simulated-time.ts';
import { InMemoryLimitStore } from './in-memory-limit-store.ts';
import { limited } from './limited-instances.ts';

const attemptMs = 15_000;
/** Three times an attempt's 15 s and the 2 s for which the limiter below may have it wait. */
const roundMs = 51_000;
/** The beginning of a round of turns, in the half of a second in which nothing is renewed. */
const start = new Date(Math.ceil(Date.parse('2026-11-22T06:00:00.000Z') / roundMs) * roundMs + 100);

/** Instances of deliver on one store: each has a limiter for what is live and one for what is sent again. */
function scene() {
  const time = new SimulatedTime(start);
  const store = new InMemoryLimitStore();
  const now = () => new Date(time.nowMs);
  const leased = () => new LeasedLimiter({ store, now, after: (ms, run) => { time.after(ms, run); } }); // prettier-ignore
  const replaying = (below: Limiter) => new ReplayLimiter(below, { now, attemptMs });
  const patient = () => replaying(new PatientLimiter(leased(), { now, pause: (ms) => time.sleep(ms) }));
  return { time, live: leased(), replay: () => replaying(leased()), patient };
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
    ['requests that take all the time they have', attemptMs],
  ])('leaves a single place to live deliveries for a third of the time at least, beside %s', async (_, tookMs) => {
    const limits = { concurrency: 1 };
    const stage = scene();
    for (let instance = 0; instance < 3; instance += 1) press(stage, stage.replay(), { limits, tookMs });
    const free = [0, 0];
    for (let second = 0; second < 102; second += 1) {
      await stage.time.pass(1_000);
      const entrance = await stage.live.enter(limited, limits);
      if (entrance.kind !== 'open') continue;
      entrance.leave();
      free[Math.floor(second / 51)]! += 1;
    }
    // A place that comes free is there for others with the second after the next.
    for (const seconds of free) expect(seconds).toBeGreaterThanOrEqual(17 - 2);
    // What is live takes it for so long only.
    for (const seconds of free) expect(seconds).toBeLessThan(51);
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

  it('leaves the last of three turns to live deliveries also behind one that waited for room at the end of the first', async () => {
    const limits = { concurrency: 1 };
    const { time, live, patient } = scene();
    const again = patient();
    await time.pass(2_000);
    const first = await again.enter(limited, limits);
    await time.pass(12_700);
    const waiting = again.enter(limited, limits);
    await time.pass(1_900);
    if (first.kind === 'open') first.leave();
    await time.pass(300);
    const second = await waiting;
    expect([first.kind, second.kind]).toEqual(['open', 'open']);
    await time.pass(attemptMs);
    if (second.kind === 'open') second.leave();
    // Two turns of 17 s are over then.
    await time.pass(34_000 - (time.nowMs - start.getTime()));
    for (let passed = 34_000; passed < roundMs - 1_000; passed += 1_000) {
      expect(await patient().enter(limited, limits)).toMatchObject({ kind: 'full' });
      const entrance = await live.enter(limited, limits);
      expect(entrance.kind, `after ${passed} ms`).toBe('open');
      if (entrance.kind === 'open') entrance.leave();
      await time.pass(1_000);
    }
  });

  it('begins requests in 15 of every 51 seconds where it has turns', async () => {
    const { time, replay } = scene();
    await time.pass(attemptMs - 101);
    const last = await replay().enter(limited, { concurrency: 1 });
    if (last.kind === 'open') last.leave();
    await time.pass(1);
    expect([last.kind, await replay().enter(limited, { concurrency: 1 })]).toEqual(['open', { kind: 'full', retryMs: 36_000 }]);
    await time.pass(36_000);
    expect(await replay().enter(limited, { concurrency: 1 })).toMatchObject({ kind: 'open' });
  });

  it('says when its turn is', async () => {
    const { time, replay } = scene();
    await time.pass(20_000);
    expect(await replay().enter(limited, { concurrency: 1 })).toEqual({ kind: 'full', retryMs: 30_900 });
    expect(await replay().enter(limited, { deliveriesPerSecond: 1 })).toEqual({ kind: 'full', retryMs: 30_900 });
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
