import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import type { DeliveryMessage } from '#lib/delivery/delivery.ts';
import type { DueLane, ParkedLane, ParkRequest } from '#lib/delivery/lane-store.ts';
import { RelayError } from '#lib/errors.ts';
import { oldestRemoval } from '#lib/sweep/oldest-removal.ts';
import { sweep } from '#lib/sweep/sweep.ts';
import type { Subscription } from '#lib/subscriptions/subscription.ts';
import { deliveryMessage, payrollId } from '../delivery/delivery-message.ts';
import { answered, DeliverHarness, inLane, withCalls } from '../lanes/deliver-harness.ts';
import { storedSubscription } from '../subscriptions/stored-subscription.ts';
import { sweepParts, type SweepWorld } from './sweep-parts-of.ts';

const minute = 60_000;
let harness: DeliverHarness;
let world: SweepWorld;
beforeEach(() => {
  harness = new DeliverHarness();
  world = { harness, queued: [], gauges: {} };
});

const run = (remainingMs = minute) => sweep(sweepParts(world), () => remainingMs);
async function gauge(): Promise<number | undefined> {
  await run();
  return world.gauges['OldestRemovalAgeSeconds'];
}
/** Of a change that Okta published so long ago. */
function published(agoMs: number, type = 'identity.user.deactivated', subscription: string = payrollId): DeliveryMessage {
  const of = deliveryMessage({ change: randomUUID(), type, subscription });
  return { ...of, change: { ...of.change, time: new Date(harness.nowMs - agoMs).toISOString() } };
}
async function park(message: DeliveryMessage, given: Partial<ParkRequest> = {}): Promise<ParkedLane> {
  const now = new Date(harness.nowMs);
  const key = { queue: 'deliveries', group: randomUUID(), epoch: randomUUID(), subscription: message.subscription } as const;
  const dueAt = new Date(harness.nowMs + 30 * minute);
  const lane = await harness.lanes.park({ ...key, message, removal: true, reason: 'back-off', dueAt, now, ...given });
  if (lane === undefined) throw new Error('the lane was parked already');
  return lane;
}
const seen = async (): Promise<readonly DueLane[]> => (await harness.lanes.waiting(payrollId, 10_000)).removals;
const now = (): Date => new Date(harness.nowMs);

describe('the oldest removal that is owed', () => {
  it('is as old as Okta says, and older with each run, until its subscriber says 2xx', async () => {
    expect(await gauge()).toBe(0);
    harness.answer = () => answered(503, '1800');
    await harness.run([inLane(published(90_000))]);
    expect(await gauge()).toBe(90);
    harness.nowMs += 15 * minute;
    expect(await gauge()).toBe(90 + 900);
    harness.nowMs += 15 * minute;
    harness.answer = () => answered(204);
    await run();
    await harness.run(world.queued);
    expect(await gauge()).toBe(0);
  });

  it('is seen behind an open circuit, where nothing is sent', async () => {
    const at = now();
    const event = { id: randomUUID(), kind: 'failing', at: at.toISOString(), reason: 'status-503' } as const;
    await harness.subscriptions.open(payrollId, { at, probeAt: new Date(harness.nowMs + 15 * minute), event });
    await harness.run([inLane(published(1_000, 'identity.user.updated')), inLane(published(0, 'identity.group.member_removed'))]);
    harness.nowMs += 14 * minute;
    expect(await gauge()).toBe(14 * 60);
    expect(harness.sent).toEqual([]);
  });

  it('is the oldest over all subscriptions, by when it was published and not by when it was parked', async () => {
    const other = storedSubscription(2);
    await harness.subscriptions.create(other);
    await park(published(3 * minute));
    harness.nowMs += 1_000;
    await park(published(7 * minute, 'identity.user.deleted', other.id));
    await park(published(5 * minute));
    expect(await gauge()).toBe(7 * 60);
  });

  it('is none where the removal got through and other changes of the same person wait on', async () => {
    harness.answer = () => answered(503, '300');
    await harness.run([inLane(published(0)), inLane(published(0, 'identity.user.updated'))]);
    expect(await gauge()).toBe(1);
    harness.nowMs += 5 * minute;
    harness.answer = ({ body }) => answered(Buffer.from(body).includes('identity.user.updated') ? 503 : 204, '3600');
    await run();
    await harness.run(world.queued.splice(0));
    expect(await seen()).toHaveLength(1);
    expect(await gauge()).toBe(0);
  });

  it('is at least a second old, also where a clock is behind Okta’s', async () => {
    await park(published(-minute));
    expect(await gauge()).toBe(1);
  });

  it.each<[string, Subscription['status']]>([
    ['its owner has paused it', 'paused'],
    ['what waits is given up', 'disabled'],
    ['nothing is owed any more', 'deleted'],
  ])('is not counted where %s: the subscription is %s', async (_, status) => {
    await park(published(minute));
    const pausedUntil = status === 'paused' ? { pausedUntil: new Date(harness.nowMs + minute) } : {};
    await harness.subscriptions.setStatus(payrollId, { status, from: ['active'], at: now(), ...pausedUntil });
    expect(await gauge()).toBe(0);
  });

  it('is counted again, since Okta published it, once a pause is over', async () => {
    await park(published(minute));
    await harness.subscriptions.setStatus(payrollId, { status: 'paused', from: ['active'], at: now(), pausedUntil: new Date(harness.nowMs + 60 * minute) }); // prettier-ignore
    harness.nowMs += 60 * minute;
    // The run that ends it, and the next one.
    await run();
    expect(await gauge()).toBe(61 * 60);
  });

  it('is not one that a person has sent again: it is as old as it is', async () => {
    await park(published(20 * 24 * 60 * minute), { queue: 'replayDeliveries' });
    expect(await gauge()).toBe(0);
  });

  it('is taken for granted in a lane that cannot be read, since that was parked, and the others are read', async () => {
    const [bad] = [await park(published(0)), await park(published(2 * minute))];
    harness.nowMs += 10 * minute;
    const down = new RelayError('DELIVERY_STORE_UNAVAILABLE', 'down');
    const removalSince = (lane: DueLane) => (lane.group === bad.group ? Promise.reject(down) : harness.lanes.removalSince(lane));
    const lanes = withCalls(harness.lanes, { removalSince });
    expect(await oldestRemoval({ lanes, now }, { among: await seen(), hasTime: () => true })).toEqual({ seconds: 720, errors: [down] });
    const among = (await seen()).filter(({ group }) => group === bad.group);
    expect(await oldestRemoval({ lanes, now }, { among, hasTime: () => true })).toEqual({ seconds: 600, errors: [down] });
    expect((await sweep(sweepParts(world, { lanes }), () => minute)).errors).toEqual([down]);
  });

  it('is looked for in as many lanes as a run has time for; of the others the one parked first is taken for granted', async () => {
    let reads = 0;
    const lanes = withCalls(harness.lanes, {
      removalSince: (lane) => {
        reads += 1;
        return harness.lanes.removalSince(lane);
      },
    });
    for (let lane = 0; lane < 510; lane += 1) {
      // In all but the last, it has been settled.
      const parked = await park(published(0));
      if (lane < 509) await harness.lanes.remove(parked, 0);
      harness.nowMs += 1_000;
    }
    const among = (await seen()).toReversed();
    expect(await oldestRemoval({ lanes, now }, { among, hasTime: () => true })).toEqual({ seconds: 10, errors: [] });
    expect(reads).toBe(500);
    expect(await oldestRemoval({ lanes, now }, { among, hasTime: () => false })).toEqual({ seconds: 510, errors: [] });
    expect(await oldestRemoval({ lanes, now }, { among: among.slice(10), hasTime: () => true })).toEqual({ seconds: 0, errors: [] });
  });
});
