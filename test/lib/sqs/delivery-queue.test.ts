import { afterEach, describe, expect, it } from 'vitest';
import type { DeliveryMessage } from '#lib/delivery/delivery.ts';
import type { BatchEntry } from '../../support/aws-fault-proxy.ts';
import { startDeliveriesQueue, type DeliveriesQueue } from '../../support/deliveries-queue.ts';
import { deliveryTo, subscriptionNamed } from '../../support/deliveries.ts';

const subscription = subscriptionNamed('payroll');
const lane = (user: string, count: number) => Array.from({ length: count }, (_, n) => deliveryTo(subscription, user, `${user}-${n}`));
const changeIn = (entry: BatchEntry) => (JSON.parse(entry.MessageBody) as DeliveryMessage).change.id;

let sqs: DeliveriesQueue;
const start = async (options?: Parameters<typeof startDeliveriesQueue>[0]) => (sqs = await startDeliveriesQueue(options));
const batches = () =>
  sqs.proxy.calls.filter(({ operation }) => operation === 'SendMessageBatch').map(({ input }) => input['Entries'] as BatchEntry[]);
const drainedIds = async () => ((await sqs.drain()) as DeliveryMessage[]).map(({ change }) => change.id);
afterEach(() => sqs.stop());

describe('sqsDeliveryQueue', () => {
  it('never puts two deliveries of a lane into one call, nor more than ten, nor more than 1 MiB', async () => {
    await start();
    const large = Array.from({ length: 8 }, (_, n) => deliveryTo(subscription, `large-${n}`, `large-${n}`, { note: 'x'.repeat(250_000) }));

    await sqs.queue.send([...lane('ana', 5), ...Array.from({ length: 23 }, (_, n) => lane(`user${n}`, 2)).flat(), ...large]);

    expect(batches().flat()).toHaveLength(5 + 46 + 8);
    for (const entries of batches()) {
      expect(entries.length).toBeLessThanOrEqual(10);
      expect(new Set(entries.map(({ MessageGroupId }) => MessageGroupId)).size).toBe(entries.length);
      expect(entries.reduce((sum, { MessageBody }) => sum + Buffer.byteLength(MessageBody), 0)).toBeLessThanOrEqual(1_048_576);
    }
  });

  it('tries an entry that failed two times more, at once, and counts it as sent when SQS takes it', async () => {
    await start();
    let failures = 2;
    sqs.proxy.inject(() => ({
      kind: 'entries',
      fails: (entry) => (changeIn(entry) === 'ana-0' && failures-- > 0 ? { Code: 'InternalError', SenderFault: false } : undefined),
    }));

    expect(await sqs.queue.send([...lane('ana', 2), ...lane('ben', 1)])).toEqual({ notSent: [], refused: [] });

    expect(batches().map((entries) => entries.map(changeIn))).toEqual([['ana-0', 'ben-0'], ['ana-0'], ['ana-0'], ['ana-1']]);
  });

  it('stops a lane at its first entry that SQS does not take, and no other lane', async () => {
    await start();
    sqs.proxy.inject(() => ({
      kind: 'entries',
      fails: (entry) => (changeIn(entry) === 'ana-1' ? { Code: 'InternalError', SenderFault: false } : undefined),
    }));

    const { notSent, refused } = await sqs.queue.send([...lane('ana', 4), ...lane('ben', 3)]);

    expect({ notSent, refused }).toEqual({ notSent: [1, 2, 3], refused: [] });
    expect((await drainedIds()).toSorted()).toEqual(['ana-0', 'ben-0', 'ben-1', 'ben-2']);
  });

  it('does not take a missing permission on the key for a fault of the content', async () => {
    await start();
    sqs.proxy.inject(() => ({ kind: 'entries', fails: () => ({ Code: 'KMS.AccessDeniedException', SenderFault: true }) }));

    expect(await sqs.queue.send(lane('ana', 2))).toEqual({ notSent: [0, 1], refused: [] });
  });

  it.each([
    { Code: 'InvalidMessageContents', SenderFault: true },
    {
      Code: 'InvalidParameterValue',
      SenderFault: true,
      Message: 'One or more parameters are invalid. Reason: Message must be shorter than 262144 bytes.',
    },
  ])('reports an entry whose content SQS refuses ($Code) and goes on with its lane', async (failure) => {
    await start();
    sqs.proxy.inject(() => ({ kind: 'entries', fails: (entry) => (changeIn(entry) === 'ana-0' ? failure : undefined) }));

    const { notSent, refused } = await sqs.queue.send(lane('ana', 3));

    expect(notSent).toEqual([]);
    expect(refused).toEqual([{ index: 0, detail: `SQS refused the message: ${failure.Code}` }]);
    expect(await drainedIds()).toEqual(['ana-1', 'ana-2']);
  });

  it('finds the one entry at fault when SQS refuses a call as a whole for its content', async () => {
    await start();
    sqs.proxy.inject(({ input }) =>
      (input['Entries'] as BatchEntry[]).some((entry) => changeIn(entry) === 'ben-0')
        ? { kind: 'error', name: 'BatchRequestTooLong' }
        : undefined,
    );

    const { notSent, refused } = await sqs.queue.send([...lane('ana', 1), ...lane('ben', 2), ...lane('cem', 1)]);

    expect({ notSent, refused: refused.map(({ index }) => index) }).toEqual({ notSent: [], refused: [1] });
    expect((await drainedIds()).toSorted()).toEqual(['ana-0', 'ben-1', 'cem-0']);
  });

  it('refuses what is nested too deep to be written, and goes on', async () => {
    await start();
    const deep = JSON.parse('['.repeat(100_000) + ']'.repeat(100_000)) as unknown;
    const [first, second] = lane('ana', 2);
    const tooDeep = { ...first!, message: { ...first!.message, change: { ...first!.message.change, note: deep } } };

    const { notSent, refused } = await sqs.queue.send([tooDeep, second!]);

    expect({ notSent, refused: refused.map(({ index }) => index) }).toEqual({ notSent: [], refused: [0] });
    expect(await drainedIds()).toEqual(['ana-1']);
  });

  it('sends nothing twice when the answer to a call was lost', async () => {
    await start();
    let lost = 0;
    sqs.proxy.inject(() => (lost++ === 0 ? { kind: 'hang-up', done: true } : undefined));

    expect(await sqs.queue.send(lane('ana', 2))).toEqual({ notSent: [], refused: [] });

    expect(await drainedIds()).toEqual(['ana-0', 'ana-1']);
  });

  it('answers the lanes of a failed call as not sent while other calls go on', async () => {
    await start();
    sqs.proxy.inject(({ input }) =>
      (input['Entries'] as BatchEntry[]).some((entry) => changeIn(entry) === 'user0-0') ? { kind: 'hang-up', done: false } : undefined,
    );

    const { notSent } = await sqs.queue.send(Array.from({ length: 15 }, (_, n) => lane(`user${n}`, 1)).flat());

    expect(notSent).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(await drainedIds()).toHaveLength(5);
  });

  it('throws DELIVERY_QUEUE_UNAVAILABLE with the name of the cause when SQS takes nothing at all', async () => {
    await start();
    sqs.proxy.inject(() => ({ kind: 'error', name: 'AccessDeniedException', status: 403 }));

    await expect(sqs.queue.send(lane('ana', 2))).rejects.toMatchObject({
      code: 'DELIVERY_QUEUE_UNAVAILABLE',
      facts: { vendorError: 'AccessDeniedException', httpStatus: 403 },
    });
  });

  it('begins no call once its budget is spent', async () => {
    let nowMs = 0;
    await start({ now: () => new Date(nowMs), budgetMs: 1_000 });
    sqs.proxy.inject(() => {
      nowMs += 400;
      return undefined;
    });

    expect((await sqs.queue.send(lane('ana', 6))).notSent).toEqual([3, 4, 5]);
  });
});
