import { beforeEach, describe, expect, it } from 'vitest';
import type { DeliverParts } from '#lib/lanes/deliver-parts.ts';
import { deliver, type ReceivedMessage } from '#lib/lanes/deliver.ts';
import { DeliverHarness, received } from '../lanes/deliver-harness.ts';
import { deliveryMessage } from '../delivery/delivery-message.ts';

const group = 'lane';
let harness: DeliverHarness;
beforeEach(() => {
  harness = new DeliverHarness();
});

/** Lets so many requests begin, and no more. */
function roomFor(requests: number): DeliverParts['limiter'] {
  let left = requests;
  return {
    enter: () => {
      left -= 1;
      return Promise.resolve(left >= 0 ? { kind: 'open', leave: () => undefined } : { kind: 'full', retryMs: 200 });
    },
  };
}

async function run(messages: readonly ReceivedMessage[], room: number): Promise<void> {
  await deliver(harness.parts({ limiter: roomFor(room) }), messages, () => 60_000);
}

/** Parks a lane with so many deliveries for want of room, and answers its release. */
async function releaseOf(deliveries: number): Promise<ReceivedMessage> {
  const ids = Array.from({ length: deliveries }, (_, index) => `change-${index}`);
  for (const id of ids) await run([received(id, group, deliveryMessage({ change: id, type: 'identity.user.updated' }), 5)], 0);
  const [release] = await harness.releases();
  if (release === undefined) throw new Error('no lane was parked');
  return release;
}

const waits = (): number[] => harness.visibility.map(({ seconds }) => seconds);

describe('a message for which its subscription has no room', () => {
  it('comes back after 1, 2, 4 and 8 s', async () => {
    for (const receiveCount of [1, 2, 3, 4])
      await run([received('change-0', group, deliveryMessage({ change: 'change-0' }), receiveCount)], 0);
    expect(waits()).toEqual([1, 2, 4, 8]);
  });

  it('is gone at the fifth time where it releases a lane, which is due again in one to two minutes', async () => {
    for (const [random, waitMs] of [
      [0, 60_000],
      [0.999, 119_940],
    ] as const) {
      harness = new DeliverHarness();
      const release = await releaseOf(1);
      for (const receiveCount of [1, 2, 3, 4]) await run([{ ...release, receiveCount }], 0);
      expect(waits()).toEqual([1, 2, 4, 8]);
      const parts = harness.parts({ limiter: roomFor(0), random: () => random });
      expect((await deliver(parts, [{ ...release, receiveCount: 5 }], () => 60_000)).failures).toEqual([]);
      expect(await harness.lanes.find({ queue: 'deliveries', group })).toMatchObject({
        reason: 'limit',
        dueAt: new Date(harness.nowMs + waitMs),
      });
      harness.nowMs += waitMs;
      await run(await harness.releases(), 1);
      expect(harness.sentIds()).toEqual(['change-0']);
    }
  });

  it('comes back at once while its lane moves', async () => {
    const release = await releaseOf(3);
    await run([{ ...release, receiveCount: 9 }], 1);
    await run([{ ...release, receiveCount: 10 }], 1);
    expect(harness.sentIds()).toEqual(['change-0', 'change-1']);
    expect(waits()).toEqual([1, 1]);
  });

  it('is gone before the queue gives it up, also while its lane moves', async () => {
    const release = await releaseOf(3);
    await run([{ ...release, receiveCount: 499 }], 1);
    expect((await deliver(harness.parts({ limiter: roomFor(1) }), [{ ...release, receiveCount: 500 }], () => 60_000)).failures).toEqual([]);
    expect((await harness.lanes.find({ queue: 'deliveries', group }))?.dueAt).toEqual(new Date(harness.nowMs + 200));
    harness.nowMs += 200;
    await run(await harness.releases(), 1);
    expect(harness.sentIds()).toEqual(['change-0', 'change-1', 'change-2']);
  });
});
