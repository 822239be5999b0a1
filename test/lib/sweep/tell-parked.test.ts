import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { RelayError } from '#lib/errors.ts';
import type { SubscriptionId } from '#lib/subscriptions/subscription.ts';
import type { SweepParts } from '#lib/sweep/sweep-parts.ts';
import { sweep } from '#lib/sweep/sweep.ts';
import { deliveryMessage, payrollId } from '../delivery/delivery-message.ts';
import { DeliverHarness, withCalls } from '../lanes/deliver-harness.ts';
import { storedSubscription } from '../subscriptions/stored-subscription.ts';
import { sweepParts, type SweepWorld } from './sweep-parts-of.ts';

const minute = 60_000;
const day = 24 * 60 * minute;
const down = new RelayError('DELIVERY_STORE_UNAVAILABLE', 'down');
const other = storedSubscription(2).id;
let harness: DeliverHarness;
let world: SweepWorld;
beforeEach(async () => {
  harness = new DeliverHarness();
  world = { harness, queued: [], gauges: {} };
  await harness.subscriptions.create(storedSubscription(2));
});

/** A lane with a removal that Okta published when it was parked. */
async function parked(subscription: SubscriptionId, agoMs: number): Promise<void> {
  const now = new Date(harness.nowMs - agoMs);
  const of = deliveryMessage({ change: randomUUID(), subscription });
  const message = { ...of, change: { ...of.change, time: now.toISOString() } };
  const key = { queue: 'deliveries', group: randomUUID(), epoch: randomUUID(), subscription } as const;
  await harness.lanes.park({ ...key, message, removal: true, reason: 'limit', dueAt: now, now });
}
const lanesWith = (calls: Partial<SweepParts['lanes']>) => ({ lanes: withCalls<SweepParts['lanes']>(harness.lanes, calls) });
/** A run that may take a minute of the harness's clock. */
function run(replacing: Partial<SweepParts> = {}) {
  const endsAtMs = harness.nowMs + minute;
  return sweep(sweepParts(world, replacing), () => endsAtMs - harness.nowMs);
}
/** As if the store knew nothing of one subscription's lanes. */
const unseen = (subscription: SubscriptionId) =>
  lanesWith({ waiting: (id, ...rest) => (id === subscription ? Promise.reject(down) : harness.lanes.waiting(id, ...rest)) });

describe('the gauges of what is parked', () => {
  it('are written also where releases would take all of the time: some of it is kept for looking', async () => {
    for (let lane = 0; lane < 300; lane += 1) await parked(payrollId, 20 * minute);
    const slow = lanesWith({
      issue: (...asked) => {
        harness.nowMs += 400;
        return harness.lanes.issue(...asked);
      },
    });
    const { released, errors } = await run(slow);
    expect(errors).toEqual([]);
    expect(released).toBeLessThan(110);
    expect(world.gauges).toMatchObject({ ParkedLanes: 300, OldestRemovalAgeSeconds: 20 * 60 + Math.round((released * 400) / 1_000) });
  });

  it('are left out where there was no time to look, which is an error', async () => {
    await parked(payrollId, 20 * minute);
    const late = await sweep(sweepParts(world), () => 0);
    expect(late.errors).toMatchObject([{ code: 'BATCH_UNFINISHED', facts: { subscriptions: 2 } }]);
    expect(world.gauges).toEqual({ OpenCircuits: 0 });
  });

  it('are left out below what alarms where one subscription could not be looked at, and written above it', async () => {
    await parked(payrollId, 899_000);
    await parked(other, 20 * minute);
    expect((await run(unseen(other))).errors).toEqual([down]);
    expect(world.gauges).toEqual({ OpenCircuits: 0 });
    harness.nowMs += 1_000;
    await run(unseen(other));
    expect(world.gauges).toEqual({ OpenCircuits: 0, OldestRemovalAgeSeconds: 900 });
    harness.nowMs += day - 900_000;
    await run(unseen(other));
    expect(world.gauges).toEqual({ OpenCircuits: 0, OldestParkedAgeSeconds: 86_400, OldestRemovalAgeSeconds: 86_400 });
    await run();
    expect(world.gauges).toMatchObject({ ParkedLanes: 2, OldestRemovalAgeSeconds: 86_400 + 301 });
  });

  it('are written as 0 where all were looked at and nothing is parked', async () => {
    await run();
    expect(world.gauges).toEqual({ OpenCircuits: 0, ParkedLanes: 0, OldestParkedAgeSeconds: 0, OldestRemovalAgeSeconds: 0 });
  });
});
