import { beforeEach, expect, it } from 'vitest';
import { isInLane } from '#lib/lanes/is-in-lane.ts';
import type { LaneStore, ParkedLane } from '#lib/delivery/lane-store.ts';
import { deliveryMessage, payrollId } from '../delivery/delivery-message.ts';
import { DeliverHarness, withCalls } from './deliver-harness.ts';

const count = 250;
const message = (n: number) => deliveryMessage({ change: `change-${n}` });
let harness: DeliverHarness;
let lane: ParkedLane;
let readPlaces: number;
beforeEach(async () => {
  harness = new DeliverHarness();
  readPlaces = 0;
  const now = new Date(harness.nowMs);
  const asked = { queue: 'deliveries', group: 'g', subscription: payrollId, epoch: 'e', reason: 'back-off', dueAt: now, now } as const;
  lane = (await harness.lanes.park({ ...asked, message: message(0), removal: false }))!;
  for (let n = 1; n < count; n += 1) lane = (await harness.lanes.append(lane, { message: message(n), removal: false }))!;
});
const isIn = (n: number): Promise<boolean> => {
  const read: LaneStore['read'] = async (...of) => {
    const places = await harness.lanes.read(...of);
    readPlaces += places.length;
    return places;
  };
  const lanes = withCalls<LaneStore>(harness.lanes, { read });
  return isInLane(harness.parts({ lanes }), lane, message(n).delivery);
};

it('finds a delivery in a long lane, reading no message but its own', async () => {
  expect([await isIn(0), await isIn(count - 1)]).toEqual([true, true]);
  expect(readPlaces).toBe(2);
  expect(await isIn(count)).toBe(false);
  expect(readPlaces).toBe(2);
});

it('does not count one that cannot be read there, and keeps that aside', async () => {
  harness.laneRows.spoilPlace(lane, 7, Buffer.from('{"v":2}'));
  expect(await isIn(7)).toBe(false);
  expect(harness.quarantined).toHaveLength(1);
  expect(await isIn(8)).toBe(true);
});
