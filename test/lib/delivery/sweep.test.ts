import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { Circuits } from '#lib/delivery/circuits.ts';
import { deliver } from '#lib/delivery/deliver.ts';
import type { DeliveryQueue, QueuedDelivery, QueuedRelease } from '#lib/delivery/delivery-queue.ts';
import type { DeliveryMessage } from '#lib/delivery/delivery.ts';
import { FailureWindow } from '#lib/delivery/failure-window.ts';
import { recoverDeadLetters } from '#lib/delivery/recover.ts';
import type { SweepParts } from '#lib/delivery/sweep-parts.ts';
import { sweep, type SweepReport } from '#lib/delivery/sweep.ts';
import { RelayError } from '#lib/errors.ts';
import { storedSubscription } from '../subscriptions/stored-subscription.ts';
import { answered, DeliverHarness, received, withCalls } from './deliver-harness.ts';
import { deliveryMessage, payrollId } from './delivery-message.ts';

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
  const now = () => new Date(harness.nowMs);
  const queues = { deliveries: collecting('deliveries'), replayDeliveries: collecting('replayDeliveries') };
  return {
    subscriptions: harness.subscriptions,
    circuits: new Circuits({
      store: harness.subscriptions,
      window: new FailureWindow(),
      metrics: { count: () => undefined },
      forget: () => undefined,
      newEventId: () => randomUUID(),
    }),
    lanes: harness.lanes,
    queues,
    recover: (subscription, hasTime) =>
      recoverDeadLetters(
        { deliveries: harness.store, subscriptions: harness.subscriptions, queue: queues.replayDeliveries },
        subscription,
        hasTime,
      ),
    metrics: { count: (name, value) => (gauges[name] = value) },
    now,
    newToken: () => randomUUID(),
    intervalMs: minute,
    ...replacing,
  };
}
const run = (replacing: Partial<SweepParts> = {}): Promise<SweepReport> => sweep(parts(replacing), () => 60_000);
const releases = () =>
  sent.flatMap(({ queue, message }) =>
    'release' in message.message ? [{ queue, group: message.groupId, ...message.message.release }] : [],
  );
const deliveries = () => sent.flatMap(({ message }) => ('release' in message.message ? [] : [message as QueuedDelivery]));

async function parked(group: string, of: DeliveryMessage = deliveryMessage({ change: `head-${group}` })): Promise<void> {
  harness.answer = () => answered(503, '300');
  await deliver(harness.parts(), [received(group, group, of)], () => 60_000);
}

async function open(at = new Date(harness.nowMs)): Promise<void> {
  const event = { id: randomUUID(), kind: 'failing', at: at.toISOString(), reason: 'status-503' } as const;
  await harness.subscriptions.open(payrollId, { at, probeAt: new Date(at.getTime() + minute), event });
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

  it('releases no more lanes in a run than the subscription’s limits would let through', async () => {
    const seen = await harness.subscriptions.find(payrollId);
    if (seen !== undefined)
      await harness.subscriptions.change(seen, { limits: { deliveriesPerSecond: 1, concurrency: 1 }, at: new Date(harness.nowMs) });
    const now = new Date(harness.nowMs);
    const held = {
      queue: 'deliveries',
      subscription: payrollId,
      message: deliveryMessage(),
      removal: false,
      reason: 'limit',
      dueAt: now,
      now,
    } as const;
    for (let lane = 0; lane < 70; lane += 1) await harness.lanes.park({ ...held, group: `lane-${lane}`, epoch: `epoch-${lane}` });
    expect(await run()).toMatchObject({ released: 60 });
    expect(await run()).toMatchObject({ released: 10 });
  });

  it('says how old the oldest due lane is, and how many circuits are open', async () => {
    await parked('a');
    await open();
    harness.nowMs += 7 * minute;
    await run();
    expect(gauges).toEqual({ OpenCircuits: 1, ParkedLanes: 1, OldestParkedAgeSeconds: 420 });
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
});
