import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { cancelRecovery } from '#lib/delivery/cancel-recovery.ts';
import { deliver } from '#lib/lanes/deliver.ts';
import type { DeliveryQueue, QueuedDelivery, QueuedRelease } from '#lib/delivery/delivery-queue.ts';
import type { DeliveryMessage } from '#lib/delivery/delivery.ts';
import { recoverDeadLetters } from '#lib/delivery/recover.ts';
import type { SweepParts } from '#lib/sweep/sweep-parts.ts';
import { sweep, type SweepReport } from '#lib/sweep/sweep.ts';
import { RelayError } from '#lib/errors.ts';
import { storedSubscription } from '../subscriptions/stored-subscription.ts';
import { answered, DeliverHarness, received, withCalls } from '../lanes/deliver-harness.ts';
import { deliveryMessage, payrollId } from '../delivery/delivery-message.ts';
import { sweepParts } from './sweep-parts-of.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
type Queued = QueuedDelivery | QueuedRelease;

let harness: DeliverHarness;
let sent: { queue: string; message: Queued }[];
let gauges: Record<string, number>;
beforeEach(() => {
  harness = new DeliverHarness();
  sent = [];
  gauges = {};
});

const collecting = (queue: string): DeliveryQueue => ({
  send(messages) {
    sent.push(...messages.map((message) => ({ queue, message })));
    return Promise.resolve({ notSent: [], refused: [] });
  },
});

function parts(replacing: Partial<SweepParts> = {}): SweepParts {
  const queues = { deliveries: collecting('deliveries'), replayDeliveries: collecting('replayDeliveries') };
  const recovering = { deliveries: harness.store, subscriptions: harness.subscriptions, queue: queues.replayDeliveries };
  const recover: SweepParts['recover'] = (subscription, hasTime) => recoverDeadLetters(recovering, subscription, hasTime);
  return sweepParts({ harness, queued: [], gauges }, { queues, recover, ...replacing });
}
const run = (replacing: Partial<SweepParts> = {}): Promise<SweepReport> => sweep(parts(replacing), () => 60_000);
const releases = () =>
  sent.flatMap(({ queue, message }) =>
    'release' in message.message ? [{ queue, group: message.groupId, ...message.message.release }] : [],
  );
/** The releases so far, as messages. */
const worked = () => releases().map(({ group, queue: _, ...release }) => received(release.token, group, { v: 1, release }));
/** An endpoint that is away for so long. */
const asking = (ms: number) => ({ send: () => Promise.resolve(answered(503, String(ms / 1_000))) });
const deliveries = () => sent.flatMap(({ message }) => ('release' in message.message ? [] : [message as QueuedDelivery]));

async function parked(group: string, of: DeliveryMessage = deliveryMessage({ change: `head-${group}` })): Promise<void> {
  harness.answer = () => answered(503, '300');
  await deliver(harness.parts(), [received(group, group, of)], () => 60_000);
}

async function open(at = new Date(harness.nowMs)): Promise<void> {
  const event = { id: randomUUID(), kind: 'failing', at: at.toISOString(), reason: 'status-503' } as const;
  await harness.subscriptions.open(payrollId, { at, probeAt: new Date(at.getTime() + minute), event });
}

const recoveryOf = (sinceMs: number, untilMs = harness.nowMs) => ({
  id: 'rpl_01k9recovery0000000000000',
  status: 'running' as const,
  since: new Date(sinceMs).toISOString(),
  until: new Date(untilMs).toISOString(),
  redelivered: 0,
});

/** A delivery that is given up in the millisecond in which it was created. */
async function deadLetter(change: string, { hasLetter = true } = {}): Promise<void> {
  const message = deliveryMessage({ change });
  const now = new Date(harness.nowMs);
  await harness.store.claim({ message, lease: change, leaseMs: minute, now });
  const letter = hasLetter ? { letter: message } : {};
  await harness.store.settle({ id: message.delivery, lease: change, status: 'dead', reason: 'exhausted', ...letter });
}

describe('sweeping', () => {
  it('releases the lanes that are due, into their own groups, and no lane twice while its token is out', async () => {
    await parked('a');
    harness.nowMs += minute;
    await parked('b');
    harness.nowMs += 4 * minute;
    expect(await run()).toMatchObject({ released: 1, dueLanes: 1, errors: [] });
    harness.nowMs += minute;
    await run();
    expect(releases().map(({ queue, group, probe }) => [queue, group, probe])).toEqual([
      ['deliveries', 'a', false],
      ['deliveries', 'b', false],
    ]);
    expect(new Set(sent.map(({ message }) => message.deduplicationId)).size).toBe(2);
  });

  it('gives out another token when one was not heard of, and waits the longer the older the lane is', async () => {
    await parked('a');
    harness.nowMs += 5 * minute;
    await run();
    harness.nowMs += 9 * minute;
    await run();
    expect(releases()).toHaveLength(1);
    harness.nowMs += minute;
    await run();
    expect(releases()).toHaveLength(2);
    harness.nowMs += day;
    await run();
    harness.nowMs += 59 * minute;
    await run();
    expect(releases()).toHaveLength(3);
    harness.nowMs += minute;
    await run();
    expect(releases()).toHaveLength(4);
  });

  it('gives back the token of what it could not send, and releases that the next time', async () => {
    for (const group of ['a', 'b', 'c', 'd']) await parked(group);
    harness.nowMs += 5 * minute;
    const groupsOf = (messages: readonly Queued[]) => messages.map(({ groupId }) => groupId);
    const deliveries: DeliveryQueue = {
      send: (messages) =>
        Promise.resolve({
          notSent: [groupsOf(messages).indexOf('b')],
          refused: [{ index: groupsOf(messages).indexOf('d'), detail: 'too large' }],
        }),
    };
    const queues = { deliveries, replayDeliveries: collecting('replayDeliveries') };
    expect(await run({ queues })).toMatchObject({ released: 2 });
    harness.nowMs += 1;
    expect(await run()).toMatchObject({ released: 2 });
    expect(
      releases()
        .map(({ group }) => group)
        .sort(),
    ).toEqual(['b', 'd']);
  });

  it('gives all tokens back where the queue is away, and releases them once it is there', async () => {
    for (const group of ['a', 'b']) await parked(group);
    harness.nowMs += 5 * minute;
    const away: DeliveryQueue = { send: () => Promise.reject(new RelayError('DELIVERY_QUEUE_UNAVAILABLE', 'away')) };
    const queues = { deliveries: away, replayDeliveries: collecting('replayDeliveries') };
    expect((await run({ queues })).errors).toMatchObject([{ code: 'DELIVERY_QUEUE_UNAVAILABLE' }]);
    harness.nowMs += 1;
    expect(await run()).toMatchObject({ released: 2 });
  });

  it('sends the tokens that it gave out where the store fails it another', async () => {
    for (const group of ['a', 'b']) await parked(group);
    harness.nowMs += 5 * minute;
    const issue: SweepParts['lanes']['issue'] = (lane, release) =>
      lane.group === 'a' ? Promise.reject(new RelayError('DELIVERY_STORE_UNAVAILABLE', 'down')) : harness.lanes.issue(lane, release);
    expect((await run({ lanes: withCalls<SweepParts['lanes']>(harness.lanes, { issue }) })).errors).toHaveLength(1);
    expect(releases().map(({ group }) => group)).toEqual(['b']);
  });

  it('releases no more lanes in a run than the subscription’s limits would let through', async () => {
    const seen = await harness.subscriptions.find(payrollId);
    if (seen !== undefined)
      await harness.subscriptions.change(seen, { limits: { deliveriesPerSecond: 1, concurrency: 1 }, at: new Date(harness.nowMs) });
    const now = new Date(harness.nowMs);
    const held = {
      queue: 'deliveries',
      subscription: payrollId,
      removal: false,
      reason: 'limit',
      dueAt: now,
      now,
    } as const;
    for (let lane = 0; lane < 70; lane += 1)
      await harness.lanes.park({ ...held, message: deliveryMessage({ change: `${lane}` }), group: `lane-${lane}`, epoch: `epoch-${lane}` });
    expect(await run()).toMatchObject({ released: 60 });
    // None of them is worked yet. Were all lost, four a minute go on: as many as an endpoint takes that answers after 15 s.
    expect(await run()).toMatchObject({ released: 4 });
    await deliver(harness.parts(), releases().map(({ group, queue: _, ...release }) => received(release.token, group, { v: 1, release })), () => 60_000); // prettier-ignore
    expect(await run()).toMatchObject({ released: 6 });
  });

  it('releases the lanes of a deleted subscription whatever its limits were: no request is made for them', async () => {
    const seen = await harness.subscriptions.find(payrollId);
    if (seen !== undefined)
      await harness.subscriptions.change(seen, { limits: { deliveriesPerSecond: 1, concurrency: 1 }, at: new Date(harness.nowMs) });
    for (let lane = 0; lane < 70; lane += 1) await parked(`lane-${lane}`);
    await harness.subscriptions.setStatus(payrollId, { status: 'deleted', from: ['active'], at: new Date(harness.nowMs) });
    expect(await run()).toMatchObject({ released: 70 });
  });

  it('says how many lanes are parked, due or not, how old the oldest is, and how many circuits are open', async () => {
    await parked('a');
    await open();
    harness.nowMs += 7 * minute;
    await parked('b');
    await run();
    // Both changes are removals, and Okta published them at 12:58:42.340 the day before.
    const oldestRemovalSeconds = 17 * 3_600 + 8 * 60 + 18;
    expect(gauges).toEqual({ OpenCircuits: 1, ParkedLanes: 2, OldestParkedAgeSeconds: 420, OldestRemovalAgeSeconds: oldestRemovalSeconds });
    // The token of the first is out now.
    harness.nowMs += minute;
    await run();
    expect(gauges).toMatchObject({ ParkedLanes: 2, OldestParkedAgeSeconds: 480 });
  });

  it('tells of a lane whose record cannot be read, and releases all others', async () => {
    for (const group of ['a', 'b', 'c']) await parked(group);
    harness.laneRows.spoilLane({ queue: 'deliveries', group: 'b' });
    harness.nowMs += 5 * minute;
    const report = await run();
    expect(report).toMatchObject({ released: 2, parkedLanes: 3 });
    expect(report.errors).toMatchObject([{ code: 'DELIVERY_STORE_UNAVAILABLE', facts: { lane: 'deliveries#b' } }]);
  });
});

describe('an open circuit', () => {
  it('is probed by one lane at a time, when the probe is due, and releases nothing else', async () => {
    for (const group of ['a', 'b', 'c']) await parked(group);
    await open();
    harness.nowMs += 5 * minute;
    expect(await run()).toMatchObject({ probes: 1, released: 0, openCircuits: 1 });
    expect(await run()).toMatchObject({ probes: 0 });
    expect(releases().map(({ probe }) => probe)).toEqual([true]);
    harness.nowMs += 2 * minute;
    expect(await run()).toMatchObject({ probes: 1 });
    expect(new Set(releases().map(({ group }) => group)).size).toBe(2);
  });

  it('disables after five days, tells the operators, and lets what waits be dead-lettered', async () => {
    const operators = storedSubscription(2, { types: ['relay.subscription.*'] });
    await harness.subscriptions.create(operators);
    await parked('a');
    await open();
    harness.nowMs += 5 * day - minute;
    await run();
    expect((await harness.subscriptions.find(payrollId))?.status).toBe('active');
    harness.nowMs += minute;
    await run();
    expect(await harness.subscriptions.find(payrollId)).toMatchObject({ status: 'disabled', disabledReason: 'failing' });
    // The last probe was never worked here; its token is lost after an hour.
    harness.nowMs += hour;
    expect(await run()).toMatchObject({ released: 1 });
    expect(deliveries().map(({ message }) => [message.subscription, message.change.type, message.change.data['reason']])).toEqual([
      [operators.id, 'relay.subscription.failing', 'status-503'],
      [operators.id, 'relay.subscription.disabled', 'failing'],
    ]);

    const release = releases().at(-1);
    await deliver(
      harness.parts(),
      [received('r', 'a', { v: 1, release: { token: release?.token ?? '', subscription: payrollId, probe: false } })],
      () => 60_000,
    );
    expect([...harness.store.rows.values()]).toMatchObject([{ status: 'dead', reason: 'subscription-disabled' }]);
  });

  it('tells its events again, under the same ids, when it died before it could note that they were sent', async () => {
    await harness.subscriptions.create(storedSubscription(2, { types: ['relay.*'] }));
    await open();
    const told = () => Promise.reject(new RelayError('SUBSCRIPTION_STORE_UNAVAILABLE', 'killed'));
    const subscriptions = withCalls<SweepParts['subscriptions']>(harness.subscriptions, { told });
    expect((await run({ subscriptions })).errors).toHaveLength(1);
    await run();
    await run();
    const ids = deliveries().map(({ message }) => message.delivery);
    expect([ids.length, new Set(ids).size]).toEqual([2, 1]);
  });
});

describe('pauses, deletions and recoveries', () => {
  it('keeps the lanes of a paused subscription, ends the pause in time, and releases them then', async () => {
    const at = new Date(harness.nowMs);
    await harness.subscriptions.setStatus(payrollId, {
      status: 'paused',
      from: ['active'],
      at,
      pausedUntil: new Date(harness.nowMs + hour),
    });
    await deliver(harness.parts(), [received('1', 'a', deliveryMessage())], () => 60_000);
    harness.nowMs += hour - 1;
    expect(await run()).toMatchObject({ released: 0, dueLanes: 1 });
    harness.nowMs += 1;
    expect(await run()).toMatchObject({ released: 1 });
    expect((await harness.subscriptions.find(payrollId))?.status).toBe('active');
  });

  it('clears a deleted subscription away once nothing of it waits', async () => {
    await parked('a');
    await harness.subscriptions.setStatus(payrollId, { status: 'deleted', from: ['active'], at: new Date(harness.nowMs) });
    harness.nowMs += 2 * hour;
    expect(await run()).toMatchObject({ released: 1 });
    expect(await harness.subscriptions.find(payrollId)).toBeDefined();
    const [release] = releases();
    await deliver(
      harness.parts(),
      [received('r', 'a', { v: 1, release: { token: release?.token ?? '', subscription: payrollId, probe: false } })],
      () => 60_000,
    );
    expect([...harness.store.rows.values()]).toMatchObject([{ status: 'cancelled', reason: 'subscription-deleted' }]);
    await run();
    expect(await harness.subscriptions.find(payrollId)).toBeUndefined();
  });

  it.each([
    ['deleted', 'cancelled', 'subscription-deleted'],
    ['disabled', 'dead', 'subscription-disabled'],
  ] as const)('releases what is parked of a %s subscription at once, however long it was to wait', async (status, ending, reason) => {
    for (const change of ['head', 'behind'])
      await deliver(harness.parts({ sender: asking(10 * hour) }), [received(change, 'a', deliveryMessage({ change }))], () => 60_000);
    harness.nowMs += 11 * hour;
    await run();
    // Its lane is laid down again, tried to its end; another one waits for as long as any can.
    await deliver(harness.parts({ sender: asking(10 * hour) }), worked(), () => 60_000);
    const longest = { random: () => 0.999_999, sender: asking(48 * hour) };
    await deliver(harness.parts(longest), [received('longest', 'b', deliveryMessage({ change: 'longest' }))], () => 60_000);
    harness.nowMs += minute;
    expect(await run()).toMatchObject({ released: 0, dueLanes: 0 });
    await harness.subscriptions.setStatus(payrollId, { status, from: ['active'], at: new Date(harness.nowMs) });
    expect(await run()).toMatchObject({ released: 2, dueLanes: 2, errors: [] });
    // Their tokens are out.
    expect(await run()).toMatchObject({ released: 0, dueLanes: 0 });
    await deliver(harness.parts(), worked(), () => 60_000);
    expect([...harness.store.rows.values()]).toMatchObject(Array(3).fill({ status: ending, reason }));
    expect(await harness.lanes.any(payrollId)).toBe(false);
  });

  it('sends dead letters again, oldest first, marked, once, and no others', async () => {
    harness.answer = () => answered(410);
    const startedAt = harness.nowMs;
    for (const id of ['before', 'first', 'second', 'third']) {
      await harness.subscriptions.setStatus(payrollId, { status: 'active', from: ['disabled'], at: new Date(harness.nowMs) });
      await deliver(harness.parts(), [received(id, id, deliveryMessage({ change: id }))], () => 60_000);
      harness.nowMs += 40 * minute;
    }
    const recovery = {
      id: 'rpl_01k9recovery0000000000000',
      status: 'running' as const,
      since: new Date(startedAt + 40 * minute).toISOString(),
      until: new Date(harness.nowMs).toISOString(),
      redelivered: 0,
    };
    await harness.subscriptions.setRecovery(payrollId, { seen: undefined, recovery });
    // It is disabled still, by the last 410: what was sent now would only die again.
    expect(await run()).toMatchObject({ recovered: 0 });
    await harness.subscriptions.setStatus(payrollId, { status: 'active', from: ['disabled'], at: new Date(harness.nowMs) });
    expect(await run()).toMatchObject({ recovered: 3 });
    expect(await run()).toMatchObject({ recovered: 0 });
    expect(deliveries().map(({ message }) => [message.change.id, message.replay?.id])).toEqual([
      ['first', recovery.id],
      ['second', recovery.id],
      ['third', recovery.id],
    ]);
    expect((await harness.subscriptions.find(payrollId))?.recovery).toMatchObject({ status: 'done', redelivered: 3 });
  });

  it('releases what is due before it sends dead letters again, and in spite of a recovery that fails', async () => {
    await parked('a');
    harness.nowMs += 5 * minute;
    const order: string[] = [];
    const running = recoveryOf(harness.nowMs - hour);
    await harness.subscriptions.setRecovery(payrollId, { seen: undefined, recovery: running });
    const recover = () => {
      order.push(`recovers after ${releases().length} release`);
      return Promise.reject(new RelayError('DELIVERY_STORE_UNAVAILABLE', 'down'));
    };
    expect(await run({ recover })).toMatchObject({ released: 1, recovered: 0, errors: [{ code: 'DELIVERY_STORE_UNAVAILABLE' }] });
    expect(order).toEqual(['recovers after 1 release']);
  });

  it('gives recoveries fifteen seconds of its run, each of them first in its turn', async () => {
    const others = [2, 3, 4].map((n) => storedSubscription(n));
    for (const other of others) await harness.subscriptions.create(other);
    const ids = [payrollId, ...others.map(({ id }) => id)];
    for (const id of ids) await harness.subscriptions.setRecovery(id, { seen: undefined, recovery: recoveryOf(harness.nowMs - hour) });
    const firsts = new Set<string>();
    const endsAtMs = harness.nowMs + 2 * ids.length * minute;
    while (firsts.size < ids.length && harness.nowMs < endsAtMs) {
      let leftMs = 60_000;
      const begun: string[] = [];
      const recover: SweepParts['recover'] = async ({ id }, hasTime) => {
        begun.push(id);
        while (hasTime()) leftMs -= 1_000;
        return { sent: 1, unreadable: [] };
      };
      await sweep(parts({ recover }), () => leftMs);
      expect(leftMs).toBe(45_000);
      firsts.add(begun[0] ?? '');
      harness.nowMs += minute;
    }
    expect(firsts).toEqual(new Set(ids));
  });

  it('sends many dead letters of one hour again in steps, oldest first, as far as there is time, and goes on there', async () => {
    const count = 1_350;
    const startedAt = harness.nowMs;
    for (let n = 0; n < count; n += 1) {
      // Most of them in one second, and 150 in one millisecond.
      harness.nowMs = startedAt + (n < 1_000 ? n : n < 1_150 ? 1_000 : 1_000 + (n - 1_149) * 10_000);
      await deadLetter(`dead-${String(n).padStart(4, '0')}`);
    }
    await harness.subscriptions.setRecovery(payrollId, { seen: undefined, recovery: recoveryOf(startedAt, harness.nowMs + 1) });
    const begun = async () => (await harness.subscriptions.find(payrollId))!;
    let steps = 0;
    const queue = collecting('replayDeliveries');
    const relay = { deliveries: harness.store, subscriptions: harness.subscriptions, queue };
    const on = async (hasTime: () => boolean) => (await recoverDeadLetters(relay, await begun(), hasTime)).sent;
    // An hour is read in one step no more: twenty looks at the clock get it to a part of it.
    expect(await on(() => (steps += 1) <= 20)).toBeLessThan(count);
    const cutOff = (await begun()).recovery;
    expect(cutOff).toMatchObject({ status: 'running', redelivered: deliveries().length });
    expect(deliveries().length).toBeGreaterThan(0);
    expect(await on(() => true)).toBeGreaterThanOrEqual(1_000);
    while ((await begun()).recovery?.status === 'running') await on(() => true);
    const sentIds = deliveries().map(({ message }) => message.change.id);
    expect(sentIds).toHaveLength(count);
    expect(new Set(sentIds).size).toBe(count);
    const createdAt = new Map([...harness.store.rows.values()].map((row) => [row.change, row.createdAt]));
    const times = sentIds.map((id) => createdAt.get(id) ?? '');
    expect(times).toEqual(times.toSorted());
    expect((await begun()).recovery).toMatchObject({ status: 'done', redelivered: count });
  });

  it('goes past dead letters that are not there, or cannot be read or sent, counts them, tells of each, and leaves them dead', async () => {
    const startedAt = harness.nowMs;
    const all = ['first', 'spoiled', 'second', 'refused', 'without', 'third'].map((change) => deliveryMessage({ change }));
    for (const { change } of all) {
      await deadLetter(change.id, { hasLetter: change.id !== 'without' });
      harness.nowMs += 13 * hour;
    }
    const [, spoiled, , refused, without] = all;
    harness.store.spoiledLetters.add(spoiled!.delivery);
    const replayDeliveries: DeliveryQueue = {
      async send(messages) {
        const index = messages.findIndex(({ message }) => 'change' in message && message.change.id === 'refused');
        await collecting('replayDeliveries').send(messages.filter((_, at) => at !== index));
        return { notSent: [], refused: index < 0 ? [] : [{ index, detail: 'too large' }] };
      },
    };
    await harness.subscriptions.setRecovery(payrollId, { seen: undefined, recovery: recoveryOf(startedAt, harness.nowMs) });
    const recover: SweepParts['recover'] = (subscription, hasTime) =>
      recoverDeadLetters({ deliveries: harness.store, subscriptions: harness.subscriptions, queue: replayDeliveries }, subscription, hasTime); // prettier-ignore
    const report = await run({ recover });
    expect(report).toMatchObject({ recovered: 3 });
    expect(report.errors).toMatchObject([spoiled, refused, without].map((of) => ({ facts: { delivery: of!.delivery } })));
    expect(deliveries().map(({ message }) => message.change.id)).toEqual(['first', 'second', 'third']);
    expect((await harness.subscriptions.find(payrollId))?.recovery).toMatchObject({ status: 'done', redelivered: 3, unreadable: 3 });
    for (const { delivery } of all) expect(await harness.store.find(delivery)).toMatchObject({ status: 'dead' });
  });

  it('ends a recovery that was cancelled, with what was being sent', async () => {
    const startedAt = harness.nowMs;
    for (let n = 0; n < 250; n += 1) {
      harness.nowMs = startedAt + n * 1_000;
      await deadLetter(`dead-${n}`);
    }
    await harness.subscriptions.setRecovery(payrollId, { seen: undefined, recovery: recoveryOf(startedAt, harness.nowMs + 1) });
    let cancelled: Promise<string> | undefined;
    const replayDeliveries: DeliveryQueue = {
      send(messages) {
        cancelled ??= cancelRecovery(payrollId, { subscriptions: harness.subscriptions });
        return collecting('replayDeliveries').send(messages);
      },
    };
    await recoverDeadLetters(
      { deliveries: harness.store, subscriptions: harness.subscriptions, queue: replayDeliveries },
      (await harness.subscriptions.find(payrollId))!,
      () => true,
    );
    expect(await cancelled).toBe('cancelled');
    expect(deliveries().length).toBeLessThanOrEqual(100);
    expect((await harness.subscriptions.find(payrollId))?.recovery?.status).toBe('cancelled');
    expect(await run()).toMatchObject({ recovered: 0 });
  });

  it('sweeps the others when one cannot be swept', async () => {
    const other = storedSubscription(2);
    await harness.subscriptions.create(other);
    await parked('a');
    harness.nowMs += 5 * minute;
    const due: SweepParts['lanes']['due'] = (id, ...rest) =>
      id === other.id ? Promise.reject(new RelayError('DELIVERY_STORE_UNAVAILABLE', 'down')) : harness.lanes.due(id, ...rest);
    const lanes = withCalls<SweepParts['lanes']>(harness.lanes, { due });
    expect(await run({ lanes })).toMatchObject({ released: 1, errors: [{ code: 'DELIVERY_STORE_UNAVAILABLE' }] });
  });

  it('comes to every subscription where each run has time for a few of them only', async () => {
    for (let n = 2; n <= 40; n += 1) await harness.subscriptions.create(storedSubscription(n));
    const seen = new Set<string>();
    for (let minutes = 0; minutes < 10; minutes += 1) {
      let begun = 0;
      const due: SweepParts['lanes']['due'] = (id, ...rest) => {
        seen.add(id);
        begun += 1;
        return harness.lanes.due(id, ...rest);
      };
      await sweep(parts({ lanes: withCalls<SweepParts['lanes']>(harness.lanes, { due }) }), () => (begun < 8 ? 60_000 : 0));
      harness.nowMs += minute;
    }
    expect(seen.size).toBe(40);
  });
});
