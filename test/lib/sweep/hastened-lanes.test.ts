import { beforeEach, describe, expect, it } from 'vitest';
import { deliver, type ReceivedMessage } from '#lib/lanes/deliver.ts';
import type { DeliveryMessage } from '#lib/delivery/delivery.ts';
import { resumeSubscription } from '#lib/subscriptions/resume-subscription.ts';
import type { SweepParts } from '#lib/sweep/sweep-parts.ts';
import { sweep } from '#lib/sweep/sweep.ts';
import { answered, DeliverHarness, received, withCalls } from '../lanes/deliver-harness.ts';
import { deliveryMessage, payrollId } from '../delivery/delivery-message.ts';
import { sweepParts } from './sweep-parts-of.ts';

const minute = 60_000;
const hour = 60 * minute;

let harness: DeliverHarness;
let queued: ReceivedMessage[];
/** Endpoints that refuse for a reason of their own. */
let failing: Set<string>;
beforeEach(() => {
  harness = new DeliverHarness();
  queued = [];
  failing = new Set();
  harness.answer = ({ headers }) => (failing.has(headers['webhook-id'] ?? '') ? answered(503, '7200') : answered(204));
});

const fact = (change: string) => deliveryMessage({ change, type: 'identity.user.updated' });
const removal = (change: string) => deliveryMessage({ change });
const lane = (group: string) => harness.lanes.find({ queue: 'deliveries', group });
/** A second after whatever was before. */
async function resume(): Promise<void> {
  harness.nowMs += 1_000;
  await resumeSubscription(payrollId, { subscriptions: harness.subscriptions, now: () => new Date(harness.nowMs) });
}
const tick = (replacing: Partial<SweepParts> = {}, remainingMs = minute) =>
  sweep(sweepParts({ harness, queued, gauges: {} }, replacing), () => remainingMs);

/** In lanes of these names, each parked for two hours behind a failing head of its name. */
async function park(...groups: readonly string[]): Promise<void> {
  for (const group of groups) await parkAs(group, fact(group));
}
async function parkAs(group: string, head: DeliveryMessage, ...behind: readonly DeliveryMessage[]): Promise<void> {
  failing.add(head.change.id);
  await harness.run([head, ...behind].map((message) => received(message.change.id, group, message)));
}
/** What sweep releases, worked at once. */
async function aMinute(replacing: Partial<SweepParts> = {}): Promise<number> {
  harness.nowMs += minute;
  const { released, errors } = await tick(replacing);
  expect(errors).toEqual([]);
  for (const message of queued.splice(0)) await deliver(harness.parts(), [message], () => minute);
  return released;
}
/** In a lane of its name, for two hours, without an attempt: many that fail would open the circuit. The next one comes a second later. */
async function wait(group: string): Promise<void> {
  const [now, dueAt] = [new Date(harness.nowMs), new Date(harness.nowMs + 2 * hour)];
  const key = { queue: 'deliveries', group, epoch: group, subscription: payrollId } as const;
  await harness.lanes.park({ ...key, message: fact(group), removal: false, reason: 'limit', dueAt, now });
  harness.nowMs += 1_000;
}
async function limitTo(most: number): Promise<void> {
  const seen = await harness.subscriptions.find(payrollId);
  if (seen !== undefined)
    await harness.subscriptions.change(seen, { limits: { deliveriesPerSecond: most, concurrency: most }, at: new Date(harness.nowMs) });
}
const attemptsOf = (change: string) => harness.recordOf(change)?.attempts.length;

describe('a subscription that was resumed', () => {
  it('has its parked lanes tried in the next minute, each in its order, whenever they would be due', async () => {
    await parkAs('a', fact('a1'), fact('a2'), fact('a3'));
    await park('b');
    await aMinute();
    expect(harness.sentIds()).toEqual(['a1', 'b']);
    failing.clear();
    await resume();
    expect(await aMinute()).toBe(2);
    expect(harness.sentIds().slice(2)).toEqual(['a1', 'a2', 'a3', 'b']);
    expect(await harness.lanes.any(payrollId)).toBe(false);
  });

  it('has each tried once: what fails again spends an attempt, and waits by its schedule from there', async () => {
    await park('a');
    await resume();
    for (let minutes = 0; minutes < 90; minutes += 1) await aMinute();
    expect(attemptsOf('a')).toBe(2);
    expect(harness.recordOf('a')?.nextAttemptAt).toBe(new Date(harness.nowMs - 89 * minute + 2 * hour).toISOString());
    harness.nowMs += 31 * minute;
    await aMinute();
    expect(attemptsOf('a')).toBe(3);
  });

  it('has them tried once more for each time it is resumed', async () => {
    await park('a');
    for (let times = 0; times < 3; times += 1) {
      harness.nowMs += 1_000;
      await resume();
      harness.nowMs += 1_000;
      await resume();
      await aMinute();
      await aMinute();
    }
    expect(attemptsOf('a')).toBe(4);
  });

  it('has what failed again wait also when a removal comes behind it and is tried at once', async () => {
    await park('a');
    await resume();
    await aMinute();
    failing.add('leaver');
    await harness.run([received('leaver', 'a', removal('leaver'))]);
    expect(harness.sentIds()).toEqual(['a', 'a', 'leaver']);
    failing.delete('leaver');
    for (let minutes = 0; minutes < 90; minutes += 1) await aMinute();
    expect([attemptsOf('a'), attemptsOf('leaver')]).toEqual([2, 1]);
  });

  it('does not have hastened what fails after it', async () => {
    await resume();
    harness.nowMs += 2 * minute;
    await park('a');
    for (let minutes = 0; minutes < 30; minutes += 1) await aMinute();
    expect(attemptsOf('a')).toBe(1);
    expect(await lane('a')).not.toHaveProperty('hastenedAt');
  });

  it('has tried again what was under way when it was resumed, and parked after', async () => {
    let [parkedAtMs, sent] = [0, 0];
    harness.answer = async () => {
      sent += 1;
      if (sent > 1) return answered(204);
      harness.nowMs += 1_000;
      await resume();
      harness.nowMs += 14_000;
      parkedAtMs = harness.nowMs;
      return answered(503, '7200');
    };
    await harness.run([received('a', 'a', fact('a'))]);
    expect((await lane('a'))?.parkedAt.getTime()).toBe(parkedAtMs);
    await aMinute();
    expect(harness.recordOf('a')).toMatchObject({ status: 'delivered' });
  });

  it('has a lane tried once more that was being worked when it was resumed', async () => {
    await park('a');
    harness.nowMs += 2 * hour;
    await tick();
    let sent = 0;
    harness.answer = async () => {
      sent += 1;
      if (sent > 1) return answered(204);
      harness.nowMs += 5_000;
      await resume();
      harness.nowMs += 1_000;
      // The sweep comes while the lane's token is out.
      await tick();
      return answered(503, '7200');
    };
    await deliver(harness.parts(), queued.splice(0), () => minute);
    expect(attemptsOf('a')).toBe(2);
    await aMinute();
    expect(harness.recordOf('a')).toMatchObject({ status: 'delivered' });
  });

  it('has lanes that removals are in released first, also where there are more than a minute takes', async () => {
    await limitTo(1);
    const facts = Array.from({ length: 90 }, (_, index) => `fact-${index}`);
    await park(...facts);
    for (const name of ['leaver-1', 'leaver-2']) await parkAs(name, removal(name));
    const before = harness.sent.length;
    failing.clear();
    await resume();
    expect(await aMinute()).toBe(60);
    expect(
      harness
        .sentIds()
        .slice(before, before + 2)
        .toSorted(),
    ).toEqual(['leaver-1', 'leaver-2']);
    expect(await aMinute()).toBe(32);
    expect(harness.sentIds().slice(before).toSorted()).toEqual([...facts, 'leaver-1', 'leaver-2'].toSorted());
    expect(await harness.lanes.any(payrollId)).toBe(false);
  });

  it('has them released in the order in which they were parked, also where that takes several runs', async () => {
    await limitTo(1);
    const names = Array.from({ length: 90 }, (_, index) => `${999 - index}`);
    for (const name of names) await wait(name);
    await resume();
    // The first sixty are not worked before the next run, which hastens the other thirty and has room for four of them.
    expect((await tick()).released).toBe(60);
    expect(await aMinute()).toBe(4);
    expect(await aMinute()).toBe(26);
    expect(harness.sentIds()).toEqual(names);
  });

  it('has the head tried also where only a removal behind it had been', async () => {
    failing.add('leaver');
    await parkAs('a', fact('head'), removal('leaver'));
    expect(harness.sentIds()).toEqual(['head', 'leaver']);
    failing.clear();
    await resume();
    await aMinute();
    expect(harness.sentIds().slice(2)).toEqual(['head', 'leaver']);
    expect([harness.recordOf('head')?.status, harness.recordOf('leaver')?.status]).toEqual(['delivered', 'delivered']);
  });

  it('has all of them tried where a sweep dies between any two of its writes, and none twice', async () => {
    const groups = Array.from({ length: 25 }, (_, index) => `lane-${index}`);
    await park(...groups);
    failing.clear();
    await resume();
    let left = 0;
    for (let run = 0; run < 5; run += 1) {
      left = run * 4;
      const lanes = withCalls(harness.lanes, {
        hasten: (...asked) => ((left -= 1) < 0 ? Promise.reject(new Error('killed')) : harness.lanes.hasten(...asked)),
      });
      harness.nowMs += 1_000;
      await tick({ lanes });
    }
    for (let minutes = 0; minutes < 20; minutes += 1) await aMinute();
    expect(groups.map(attemptsOf)).toEqual(groups.map(() => 2));
  });

  it('goes on in the next run with what there was no time for', async () => {
    const groups = Array.from({ length: 35 }, (_, index) => `lane-${index}`);
    await park(...groups);
    failing.clear();
    await resume();
    harness.nowMs += minute;
    let calls = 0;
    await sweep(sweepParts({ harness, queued, gauges: {} }), () => ((calls += 1) > 3 ? 0 : minute));
    expect((await harness.lanes.due(payrollId, new Date(harness.nowMs), 100)).length).toBeLessThan(35);
    await aMinute();
    await aMinute();
    expect(groups.map(attemptsOf)).toEqual(groups.map(() => 2));
  });

  it('is held by a circuit that opens again, and has the rest tried when that closes', async () => {
    await park('a', 'b');
    await resume();
    const at = new Date(harness.nowMs);
    const event = { id: '00000000-0000-4000-8000-000000000001', kind: 'failing', at: at.toISOString() } as const;
    await harness.subscriptions.open(payrollId, { at, probeAt: new Date(harness.nowMs + hour), event });
    for (let minutes = 0; minutes < 5; minutes += 1) await aMinute();
    expect([attemptsOf('a'), attemptsOf('b')]).toEqual([1, 1]);
    await harness.subscriptions.close(payrollId, { since: at.toISOString(), event });
    await aMinute();
    expect([attemptsOf('a'), attemptsOf('b')]).toEqual([2, 2]);
  });
});

describe('a lane that somebody asks for', () => {
  it('is released in the next run although more lanes are due than that takes, if it was parked before them, however often it is asked for', async () => {
    await limitTo(1);
    const names = Array.from({ length: 90 }, (_, index) => `${999 - index}`);
    for (const name of names) await wait(name);
    harness.nowMs += 2 * hour;
    for (let times = 0; times < 3; times += 1) {
      harness.nowMs += 1_000;
      expect(await harness.lanes.hasten((await lane('999'))!, new Date(harness.nowMs))).toBe(true);
    }
    expect(await aMinute()).toBe(60);
    expect(harness.sentIds()).toEqual(names.slice(0, 60));
  });

  it('has its turn by when it was parked where it is not due yet', async () => {
    await limitTo(1);
    await wait('first');
    harness.nowMs += hour;
    await wait('asked');
    harness.nowMs += hour + minute;
    for (let index = 0; index < 70; index += 1) await wait(`${index}`);
    await harness.lanes.hasten((await lane('asked'))!, new Date(harness.nowMs));
    harness.nowMs += 2 * hour;
    await aMinute();
    expect(harness.sentIds().slice(0, 3)).toEqual(['asked', 'first', '0']);
  });
});

describe('a subscription that nobody resumed', () => {
  it('has lanes wait that failed by themselves when a probe closes its circuit, or its pause ends', async () => {
    await park('a', 'b');
    const at = new Date(harness.nowMs);
    const event = { id: '00000000-0000-4000-8000-000000000001', kind: 'failing', at: at.toISOString() } as const;
    await harness.subscriptions.open(payrollId, { at, probeAt: at, event });
    await harness.subscriptions.close(payrollId, { since: at.toISOString(), event });
    for (let minutes = 0; minutes < 5; minutes += 1) await aMinute();
    const pausedUntil = new Date(harness.nowMs + minute);
    await harness.subscriptions.setStatus(payrollId, { status: 'paused', from: ['active'], at, pausedUntil, pausedSince: at });
    for (let minutes = 0; minutes < 5; minutes += 1) await aMinute();
    expect(await harness.subscriptions.find(payrollId)).toMatchObject({ status: 'active' });
    expect([attemptsOf('a'), attemptsOf('b')]).toEqual([1, 1]);
  });
});
