import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { deliver, type ReceivedMessage } from '#lib/lanes/deliver.ts';
import type { DeliveryQueue } from '#lib/delivery/delivery-queue.ts';
import type { SweepParts } from '#lib/sweep/sweep-parts.ts';
import { sweep } from '#lib/sweep/sweep.ts';
import { scaled } from '../../support/scale.ts';
import { DeliverHarness, received } from '../lanes/deliver-harness.ts';
import { deliveryMessage, payrollId } from '../delivery/delivery-message.ts';
import { sweepParts } from './sweep-parts-of.ts';

const minute = 60_000;
/** Ten is what a subscription has by default. */
const places = scaled(10, 1);
/** What an endpoint takes in a minute that answers in a fifth of a second, and one that answers after 15 s. */
const [fullRound, slowestRound] = [300 * places, 4 * places];
const lanes = 1_000 * places;

let harness: DeliverHarness;
/** What sweep put on the queue and deliver was not handed yet. */
let queued: ReceivedMessage[];
beforeEach(async () => {
  harness = new DeliverHarness();
  queued = [];
  const at = new Date(harness.nowMs);
  const seen = await harness.subscriptions.find(payrollId);
  if (seen !== undefined) await harness.subscriptions.change(seen, { limits: { concurrency: places }, at });
  const event = { id: randomUUID(), kind: 'failing', at: at.toISOString() } as const;
  await harness.subscriptions.open(payrollId, { at, probeAt: new Date(harness.nowMs + 15 * minute), event });
  for (let lane = 0; lane < lanes; lane += 1) {
    harness.nowMs += 10;
    await deliver(harness.parts(), [received(name(lane), name(lane), deliveryMessage({ change: name(lane) }))], () => minute);
  }
  harness.nowMs += 15 * minute;
});

const name = (lane: number): string => `lane-${String(lane).padStart(5, '0')}`;
const queue: DeliveryQueue = {
  send(messages) {
    for (const { message, groupId, deduplicationId } of messages)
      if ('release' in message) queued.push(received(deduplicationId, groupId, message));
    return Promise.resolve({ notSent: [], refused: [] });
  },
};

const parts = (): SweepParts => sweepParts({ harness, queued, gauges: {} }, { queues: { deliveries: queue, replayDeliveries: queue } });

/** A tick, and what the endpoint takes until the next: answers how many were released. */
async function aMinute(takes: number): Promise<number> {
  const { released, probes, errors } = await sweep(parts(), () => minute);
  expect(errors).toEqual([]);
  const handed = queued.splice(0, takes);
  for (let from = 0; from < handed.length; from += 10) await deliver(harness.parts(), handed.slice(from, from + 10), () => minute);
  harness.nowMs += minute;
  return released + probes;
}
const inOrder = (count = lanes): string[] => Array.from({ length: count }, (_, lane) => name(lane));

describe(`${lanes} lanes whose circuit closes`, () => {
  it('drain in their order, a full round a minute where the endpoint takes it', async () => {
    expect(await aMinute(fullRound)).toBe(1);
    for (let left = lanes - 1; left > 0; left -= fullRound) expect(await aMinute(fullRound)).toBe(Math.min(left, fullRound));
    expect(harness.sentIds()).toEqual(inOrder());
    expect(await harness.lanes.any(payrollId)).toBe(false);
  });

  it('are released as they drain where the endpoint is slow, so that no more than a round is in the queue', async () => {
    const takes = 50 * places;
    await aMinute(takes);
    for (let minutes = 0; (await harness.lanes.any(payrollId)) && minutes < lanes / takes + 1; minutes += 1) {
      const released = await aMinute(takes);
      expect(released).toBeLessThanOrEqual(minutes === 0 ? fullRound : takes);
      expect(queued.length).toBeLessThanOrEqual(fullRound - takes);
    }
    expect(harness.sentIds()).toEqual(inOrder());
  });

  it('go on slowly where a whole round of releases was lost, and fully once those count as lost', async () => {
    await aMinute(1);
    await aMinute(0);
    queued = [];
    for (let minutes = 0; minutes < 5; minutes += 1) expect(await aMinute(slowestRound)).toBe(slowestRound);
    expect(harness.sentIds().slice(1)).toEqual(inOrder().slice(1 + fullRound, 1 + fullRound + 5 * slowestRound));
    harness.nowMs += 30 * minute;
    expect(await aMinute(fullRound)).toBe(fullRound);
  });
});
