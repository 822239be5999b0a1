import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { Circuits } from '#lib/pacing/circuits.ts';
import { FailureWindow } from '#lib/pacing/failure-window.ts';
import { sweep } from '#lib/sweep/sweep.ts';
import type { SweepParts } from '#lib/sweep/sweep-parts.ts';
import type { DeliveryQueue } from '#lib/delivery/delivery-queue.ts';
import { answered, DeliverHarness, received } from './deliver-harness.ts';
import { deliveryMessage, payrollId } from '../delivery/delivery-message.ts';
import type { ReceivedMessage } from '#lib/lanes/deliver.ts';

const minute = 60_000;
/** The first two waits of an open circuit, 1 and 2 minutes, and a minute of `sweep` each. */
const twoProbesMs = 5 * minute;

/** `deliver` and `sweep` around one lane store, minute by minute. */
class Relay {
  readonly harness = new DeliverHarness();
  readonly #releases: ReceivedMessage[] = [];
  readonly #queue: DeliveryQueue = {
    send: (messages) => {
      for (const { message, groupId, deduplicationId } of messages)
        if ('release' in message) this.#releases.push(received(deduplicationId, groupId, message));
      return Promise.resolve({ notSent: [], refused: [] });
    },
  };

  /** `coming`: something new for each of them, before sweep. */
  async minutes(count: number, coming: () => Promise<void> = () => Promise.resolve()): Promise<void> {
    for (let passed = 0; passed < count; passed += 1) {
      await coming();
      await sweep(this.#parts(), () => 60_000);
      for (const release of this.#releases.splice(0)) await this.harness.run([release]);
      this.harness.nowMs += minute;
    }
  }

  #parts(): SweepParts {
    const { subscriptions, lanes } = this.harness;
    return {
      ...{ subscriptions, lanes },
      circuits: new Circuits({
        store: subscriptions,
        window: new FailureWindow(),
        metrics: { count: () => undefined },
        forget: () => undefined,
        newEventId: () => randomUUID(),
      }),
      queues: { deliveries: this.#queue, replayDeliveries: this.#queue },
      recover: () => Promise.resolve({ sent: 0, unreadable: [] }),
      metrics: { count: () => undefined },
      now: () => new Date(this.harness.nowMs),
      newToken: () => randomUUID(),
      intervalMs: minute,
    };
  }
}

async function openedBy(heads: string, people: readonly string[]): Promise<Relay> {
  const relay = new Relay();
  const { harness } = relay;
  harness.answer = ({ headers }) => answered(String(headers['webhook-id']).startsWith('head') ? 500 : 204);
  for (const count of [1, 2, 3]) {
    for (const person of people) {
      await harness.run([received(`${person}-${count}`, person, deliveryMessage({ change: `head-${person}`, type: heads }), count)]);
      harness.nowMs += 2_500;
    }
  }
  expect((await harness.subscriptions.find(payrollId))?.circuit).toBeDefined();
  return relay;
}
const people = ['ana', 'ben', 'cem'];

describe.each(['identity.user.updated', 'identity.group.member_removed'])(
  'an endpoint that fails every %s and takes everything else',
  (heads) => {
    it('gets the removal of each person behind one, though these had its circuit opened', async () => {
      const relay = await openedBy(heads, people);
      const { harness } = relay;
      const toldAtMs = harness.nowMs;
      for (const person of people) {
        const removal = deliveryMessage({ change: `removal-${person}`, type: 'identity.user.deactivated' });
        await harness.run([received(`removal-${person}`, person, removal)]);
      }
      expect(harness.sentIds().filter((id) => id.startsWith('removal'))).toEqual([]);
      while (
        people.some((person) => harness.recordOf(`removal-${person}`)?.status !== 'delivered') &&
        harness.nowMs < toldAtMs + twoProbesMs
      )
        await relay.minutes(1);
      expect(people.map((person) => harness.recordOf(`removal-${person}`)?.status)).toEqual(people.map(() => 'delivered'));
      expect(people.map((person) => harness.recordOf(`head-${person}`)?.reason)).toEqual(people.map(() => 'yielded'));
    });
  },
);

describe('a removal among many lanes of an open circuit', () => {
  it('is not kept waiting by new changes that fail, and are there before each probe', async () => {
    const relay = await openedBy('identity.user.updated', people);
    const { harness } = relay;
    await harness.run([received('removal', 'ana', deliveryMessage({ change: 'removal', type: 'identity.user.deactivated' }))]);
    let number = 0;
    await relay.minutes(5, async () => {
      const update = deliveryMessage({ change: `head-${(number += 1)}`, type: 'identity.user.updated' });
      await harness.run([received(`head-${number}`, `lane-${number}`, update)]);
    });
    expect(harness.recordOf('removal')?.status).toBe('delivered');
  });

  it('is tried by the first probe, wherever its lane stands', async () => {
    const relay = await openedBy('identity.user.updated', people);
    const { harness } = relay;
    for (let index = 0; index < 50; index += 1) {
      const update = deliveryMessage({ change: `head-${index}`, type: 'identity.user.updated' });
      await harness.run([received(`head-${index}`, `lane-${index}`, update)]);
    }
    harness.nowMs += 10;
    const head = deliveryMessage({ change: 'head-dia', type: 'identity.user.updated' });
    await harness.run([received('head-dia', 'dia', head)]);
    await harness.run([received('removal', 'dia', deliveryMessage({ change: 'removal', type: 'identity.user.deactivated' }))]);
    await relay.minutes(3);
    expect(harness.recordOf('removal')?.status).toBe('delivered');
  });
});
