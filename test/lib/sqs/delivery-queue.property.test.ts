import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DeliveryMessage } from '#lib/delivery/delivery.ts';
import type { Fault } from '../../support/aws-fault-proxy.ts';
import { startDeliveriesQueue, type DeliveriesQueue } from '../../support/deliveries-queue.ts';
import { deliveryTo, subscriptionNamed } from '../../support/deliveries.ts';
import { scaled } from '../../support/scale.ts';
import { seededRandom } from '../../support/seeded-random.ts';

const subscription = subscriptionNamed('payroll');
let sqs: DeliveriesQueue;
beforeAll(async () => void (sqs = await startDeliveriesQueue()));
afterAll(() => sqs.stop());

/** Entries fail, calls fail and connections break, one time in six each. A call fails with what the SDK does not wait to try again. */
function randomFault(random: () => number): Fault | undefined {
  const dice = random();
  if (dice < 1 / 6) return { kind: 'error', name: 'AccessDeniedException' };
  if (dice < 2 / 6) return { kind: 'hang-up', done: random() < 0.5 };
  return { kind: 'entries', fails: () => (random() < 1 / 6 ? { Code: 'InternalError', SenderFault: false } : undefined) };
}

describe('sqsDeliveryQueue under random faults', () => {
  it('keeps every lane in order, and once it has taken all it has taken each exactly once', async () => {
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 25 }), fc.integer(), async (users, seed) => {
        run += 1;
        const random = seededRandom(seed);
        const deliveries = users.map((user, n) => deliveryTo(subscription, `user${user}`, `run${run}-${n}`));
        sqs.proxy.inject(() => randomFault(random));

        let left = deliveries;
        for (let tries = 0; left.length > 0; tries += 1) {
          if (tries === 50) sqs.proxy.inject(() => undefined);
          const { notSent } = await sqs.queue.send(left).catch(() => ({ notSent: [...left.keys()] }));
          left = notSent.map((index) => left[index]!);
        }

        const byLane = (messages: readonly DeliveryMessage[]) => {
          const lanes = Object.groupBy(messages, ({ change }) => change.partitionkey);
          return Object.fromEntries(Object.entries(lanes).map(([lane, list]) => [lane, list?.map(({ change }) => change.id)]));
        };
        expect(byLane((await sqs.drain()) as DeliveryMessage[])).toEqual(byLane(deliveries.map(({ message }) => message)));
      }),
      { numRuns: scaled(100, 15) },
    );
  }, 120_000);
});
