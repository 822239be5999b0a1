import { describe, expect, it } from 'vitest';
import type { LaneStore } from '#lib/delivery/lane-store.ts';
import type { Circuit } from '#lib/subscriptions/subscription.ts';
import { nextProbe } from '#lib/sweep/lane-to-probe.ts';
import { withCalls } from '../lanes/deliver-harness.ts';
import { deliveryMessage, payrollId } from '../delivery/delivery-message.ts';
import { InMemoryLaneStore } from '../delivery/in-memory-lane-store.ts';

const at = new Date('2026-11-22T12:00:00.000Z');
const secondsAgo = (seconds: number): Date => new Date(at.getTime() - seconds * 1_000);
const minutes = (count: number): number => count * 60;

/** Lanes that were parked so many seconds ago, and wait for the circuit. */
async function lanesOf(...parked: readonly { group: string; removal: boolean; seconds: number }[]): Promise<LaneStore> {
  const lanes = new InMemoryLaneStore();
  for (const { group, removal, seconds } of parked) {
    const now = secondsAgo(seconds);
    const message = deliveryMessage({ change: group });
    const reason = 'circuit' as const;
    await lanes.park({ queue: 'deliveries', group, subscription: payrollId, epoch: group, message, removal, reason, dueAt: now, now });
  }
  return lanes;
}
const update = { group: 'update', removal: false, seconds: 900 };
const leaver = { group: 'leaver', removal: true, seconds: 10 };
const earlier = { group: 'earlier leaver', removal: true, seconds: 20 };

/** Its probes by schedule: so many made, the next due so many seconds ago, and one for a removal. */
const circuitOf = (probes: number, dueSeconds: number, removalSeconds?: number): Circuit => ({
  ...{ since: secondsAgo(minutes(60)).toISOString(), probeAt: secondsAgo(dueSeconds).toISOString(), probes },
  ...(removalSeconds === undefined ? {} : { removalProbedAt: secondsAgo(removalSeconds).toISOString() }),
});
async function next(circuit: Circuit, lanes: LaneStore): Promise<string> {
  const [first] = await lanes.due(payrollId, at, 1);
  const probe = await nextProbe({ lanes, now: () => at }, { id: payrollId, circuit }, first);
  return probe === undefined ? 'none' : `${probe.kind}: ${probe.lane.group}`;
}

describe('the next probe of an open circuit', () => {
  it.each([
    // Probed every 15 minutes; the last one five minutes ago.
    { title: 'is for a removal long before the schedule', circuit: circuitOf(6, -minutes(10)), is: 'removal: leaver' },
    { title: 'is for a removal a minute after the last', circuit: circuitOf(6, -minutes(10), 60), is: 'removal: leaver' },
    { title: 'is for a removal also where sweep comes early', circuit: circuitOf(6, -minutes(10), 45), is: 'removal: leaver' },
    { title: 'is none while one for a removal is under way', circuit: circuitOf(6, -minutes(10), 44), is: 'none' },
    { title: 'is none while one by schedule is under way', circuit: circuitOf(6, -minutes(15) + 44), is: 'none' },
    { title: 'is for a removal once one by schedule is over', circuit: circuitOf(6, -minutes(15) + 45), is: 'removal: leaver' },
    { title: 'is the first of the schedule: for a removal', circuit: circuitOf(0, 0), is: 'by-schedule: leaver' },
    { title: 'counts for both where it is every other one of the schedule', circuit: circuitOf(6, 1, 60), is: 'by-schedule: leaver' },
    { title: 'is for a removal first where the schedule’s is for any lane', circuit: circuitOf(7, 1, 60), is: 'removal: leaver' },
    { title: 'is for any lane a minute after that', circuit: circuitOf(7, 61, 60), is: 'by-schedule: update' },
    { title: 'is not by schedule while one for a removal is under way', circuit: circuitOf(7, 44, 43), is: 'none' },
  ])('$title', async ({ circuit, is }) => {
    expect(await next(circuit, await lanesOf(update, leaver))).toBe(is);
  });

  it('is for the removal that waits longest, however many other lanes are due before it', async () => {
    const others = Array.from({ length: 3_000 }, (_, index) => ({ ...update, group: `update ${index}` }));
    expect(await next(circuitOf(6, -minutes(10)), await lanesOf(...others, leaver, earlier))).toBe('removal: earlier leaver');
  });

  it('is by schedule alone where no removal is due, and of no lane where none is', async () => {
    const later = { ...leaver, seconds: -1 };
    expect(await next(circuitOf(6, -minutes(10)), await lanesOf(update, later))).toBe('none');
    expect(await next(circuitOf(6, 0), await lanesOf(update, later))).toBe('by-schedule: update');
    expect(await next(circuitOf(6, 0), await lanesOf(later))).toBe('none');
  });

  it('costs no look at the lanes before any may be made', async () => {
    let looks = 0;
    const lanes = await lanesOf(update, leaver);
    const counting = withCalls(lanes, { waiting: (...args) => ((looks += 1), lanes.waiting(...args)) });
    await next(circuitOf(6, -minutes(15) + 1), counting);
    expect(looks).toBe(0);
    await next(circuitOf(6, -minutes(10)), counting);
    expect(looks).toBe(1);
  });
});
