import { describe, expect, it } from 'vitest';
import { patienceMs, PatientLimiter } from '#lib/pacing/patient-limiter.ts';
import type { Entrance, Limiter } from '#lib/pacing/limiter.ts';
import { subscriptionIdSchema } from '#lib/subscriptions/subscription.ts';

const payroll = subscriptionIdSchema.parse('sub_01k9payr0ll0000000000000');
const badges = subscriptionIdSchema.parse('sub_01k9badges00000000000000');

/** A clock that goes on by itself once everybody waits, and a limiter of so many places. */
class Scene {
  nowMs = Date.parse('2026-11-22T06:00:00.000Z');
  busy = 0;
  asked = 0;
  most = 0;
  readonly #timers: { readonly atMs: number; readonly ring: () => void }[] = [];
  readonly limiter: PatientLimiter;

  constructor(places: number, fails: () => boolean = () => false) {
    const inner: Limiter = {
      enter: () => {
        this.asked += 1;
        if (fails()) return Promise.reject(new Error('away'));
        if (this.busy >= places) return Promise.resolve({ kind: 'full', retryMs: 200 });
        this.busy += 1;
        this.most = Math.max(this.most, this.busy);
        return Promise.resolve({ kind: 'open', leave: () => (this.busy -= 1) });
      },
    };
    this.limiter = new PatientLimiter(inner, { now: () => new Date(this.nowMs), pause: (ms) => this.pause(ms) });
  }

  pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#timers.push({ atMs: this.nowMs + ms, ring: resolve });
    });
  }

  /** One delivery: how it was let in, and when. */
  async deliver(tookMs: number, subscription = payroll): Promise<{ kind: Entrance['kind']; afterMs: number }> {
    const startedMs = this.nowMs;
    const entrance = await this.limiter.enter(subscription, undefined);
    const afterMs = this.nowMs - startedMs;
    if (entrance.kind === 'full') return { kind: 'full', afterMs };
    await this.pause(tookMs);
    entrance.leave();
    return { kind: 'open', afterMs };
  }

  async until<T>(work: Promise<T>): Promise<T> {
    const ended = { is: false };
    void work.finally(() => (ended.is = true)).catch(() => undefined);
    for (let turn = 0; turn < 200_000; turn += 1) {
      for (let microtask = 0; microtask < 20; microtask += 1) await Promise.resolve();
      if (ended.is) return work;
      const next = this.#timers.sort((a, b) => a.atMs - b.atMs).shift();
      if (next === undefined) throw new Error('everybody waits for ever');
      this.nowMs = Math.max(this.nowMs, next.atMs);
      next.ring();
    }
    throw new Error('no end');
  }
}

describe('waiting for room beside requests of one’s own', () => {
  it('lets a burst to an endpoint that is well through, ten at a time, within its patience', async () => {
    const scene = new Scene(10);
    const outcomes = await scene.until(Promise.all(Array.from({ length: 250 }, () => scene.deliver(50))));
    expect(outcomes.filter(({ kind }) => kind === 'full')).toEqual([]);
    expect(Math.max(...outcomes.map(({ afterMs }) => afterMs))).toBeLessThan(patienceMs);
    expect(scene.most).toBe(10);
  });

  it('tells who comes to an endpoint that is slow to come back, at once as soon as that is known', async () => {
    const scene = new Scene(1);
    expect(await scene.until(scene.deliver(14_000))).toEqual({ kind: 'open', afterMs: 0 });
    const [first, second] = [scene.deliver(14_000), scene.deliver(14_000)];
    expect(await scene.until(second)).toEqual({ kind: 'full', afterMs: 0 });
    expect((await scene.until(first)).kind).toBe('open');
  });

  it('waits no longer than its patience while nothing is known yet', async () => {
    const scene = new Scene(1);
    const [first, second] = [scene.deliver(60_000), scene.deliver(60_000)];
    expect(await scene.until(second)).toEqual({ kind: 'full', afterMs: patienceMs });
    await scene.until(first);
  });

  it('does not wait where others have the places', async () => {
    const scene = new Scene(0);
    expect(await scene.until(scene.deliver(50))).toEqual({ kind: 'full', afterMs: 0 });
    expect(scene.asked).toBe(1);
  });

  it('does not make one subscription wait for another', async () => {
    const scene = new Scene(1);
    const busy = scene.deliver(500);
    expect(await scene.until(scene.deliver(50, badges))).toEqual({ kind: 'full', afterMs: 0 });
    await scene.until(busy);
  });

  it('throws what the limiter throws, and counts nobody as waiting after it', async () => {
    let away = false;
    const scene = new Scene(1, () => away);
    const [first, second] = [scene.deliver(300), scene.deliver(300)];
    await Promise.resolve();
    away = true;
    await expect(scene.until(second)).rejects.toThrow('away');
    away = false;
    expect((await scene.until(first)).kind).toBe('open');
    expect((await scene.until(scene.deliver(300))).kind).toBe('open');
  });
});
