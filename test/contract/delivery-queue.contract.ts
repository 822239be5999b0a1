import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DeliveryQueue } from '#lib/delivery/delivery-queue.ts';
import { deliveryMessageSchema, type DeliveryMessage } from '#lib/delivery/delivery.ts';
import { deliveryTo, subscriptionNamed } from '../support/deliveries.ts';

export interface DeliveryQueueUnderTest {
  readonly queue: DeliveryQueue;
  /** Takes everything off the queue, in the order it is handed out. */
  drain(): Promise<unknown[]>;
  stop(): Promise<void>;
}

const nothingLeft = { notSent: [], refused: [] };
const first = subscriptionNamed('first');
const second = subscriptionNamed('second');

/** What every implementation of the port owes to fan-out. */
export function deliveryQueueContract(implementation: string, start: () => Promise<DeliveryQueueUnderTest>): void {
  describe(`DeliveryQueue × ${implementation}`, () => {
    let subject: DeliveryQueueUnderTest;
    beforeAll(async () => void (subject = await start()));
    afterAll(() => subject.stop());
    const drained = async (): Promise<DeliveryMessage[]> => (await subject.drain()).map((body) => deliveryMessageSchema.parse(body));

    it('[port: DeliveryQueue] answers at once when there is nothing to send', async () => {
      expect(await subject.queue.send([])).toEqual(nothingLeft);
      expect(await drained()).toEqual([]);
    });

    it('[port: DeliveryQueue] hands every delivery out once, and those of a lane in their order', async () => {
      const deliveries = Array.from({ length: 60 }, (_, n) => deliveryTo(n % 2 === 0 ? first : second, `00u-order-${n % 7}`, `order-${n}`));

      expect(await subject.queue.send(deliveries)).toEqual(nothingLeft);

      const messages = await drained();
      expect(messages.map(({ delivery }) => delivery).toSorted()).toEqual(deliveries.map(({ message }) => message.delivery).toSorted());
      const byLane = (all: readonly DeliveryMessage[]) =>
        Object.fromEntries(
          Object.entries(Object.groupBy(all, ({ subscription, change }) => `${subscription} ${change.partitionkey}`)).map(
            ([lane, list]) => [lane, list?.map(({ change }) => change.id)],
          ),
        );
      expect(byLane(messages)).toEqual(byLane(deliveries.map(({ message }) => message)));
    });

    it('[port: DeliveryQueue] takes a delivery that is sent again without handing it out twice', async () => {
      const delivery = deliveryTo(first, '00u-again', 'again');

      expect(await subject.queue.send([delivery, delivery])).toEqual(nothingLeft);
      expect(await subject.queue.send([delivery])).toEqual(nothingLeft);

      expect(await drained()).toHaveLength(1);
    });

    it('[port: DeliveryQueue] hands a message out with every character it was sent with', async () => {
      const awkward = 'tab\t nul\u0000 emoji 🫠 noncharacters \ufffe\uffff lone \ud800 and \udfff backslash \\ quote " line \u2028 é';
      const delivery = deliveryTo(first, '00u-awkward', 'awkward', { note: awkward });

      expect(await subject.queue.send([delivery])).toEqual(nothingLeft);

      expect(await drained()).toEqual([delivery.message]);
    });

    it('[port: DeliveryQueue] takes a change at its limit of 256 KiB, whatever characters fill it', async () => {
      const fullOf = (text: string) => text.repeat(Math.floor((256 * 1024) / Buffer.byteLength(text)));
      const deliveries = ['a', '🫠', '\uffff'].map((text, n) => deliveryTo(first, `00u-large-${n}`, `large-${n}`, { note: fullOf(text) }));

      expect(await subject.queue.send(deliveries)).toEqual(nothingLeft);

      expect(await drained()).toHaveLength(3);
    });

    it('[port: DeliveryQueue] refuses a delivery above 1 MiB with the reason and goes on with what is behind it', async () => {
      const before = deliveryTo(first, '00u-huge', 'huge-0');
      const huge = deliveryTo(first, '00u-huge', 'huge-1', { note: 'a'.repeat(1_048_577) });
      const behind = deliveryTo(first, '00u-huge', 'huge-2');

      const { notSent, refused } = await subject.queue.send([before, huge, behind]);

      expect(notSent).toEqual([]);
      expect(refused.map(({ index }) => index)).toEqual([1]);
      expect(refused[0]?.detail).toMatch(/\S/);
      expect((await drained()).map(({ change }) => change.id)).toEqual(['huge-0', 'huge-2']);
    });
  });
}
