import { afterEach, expect, it } from 'vitest';
import { httpsWebhookSender } from '#lib/https/webhook-sender.ts';
import { DeliverHarness, inLane } from './deliver-harness.ts';
import { deliveryMessage, payrollId } from '../delivery/delivery-message.ts';
import { ok, startRawSubscriber, type RawRequest, type RawSubscriber } from '../https/raw-subscriber.ts';

const sender = httpsWebhookSender({ allowLoopback: true, now: () => new Date(), monotonicMs: () => performance.now() });
let target: RawSubscriber;
afterEach(async () => {
  sender.close();
  await target.close();
});

const status = (type: 'activated' | 'deactivated' | 'suspended', second: number) =>
  inLane(
    deliveryMessage({
      change: `${type}-${second}`,
      type: `identity.user.${type}`,
      stateKey: 'users/00u1/status',
      sequence: `17952659${String(second).padStart(5, '0')}-${String(second).padStart(19, '0')}`,
    }),
  );

/** The receiver applies every change it reads. With the second, on the connection that was kept from the first, it dies before it has answered. */
it.each<[string, (request: RawRequest) => void]>([
  ['found nobody listening', () => undefined],
  ['was answered 503', ({ socket }) => void socket.write('HTTP/1.1 503 Restarting\r\ncontent-length: 0\r\n\r\n')],
])('an older change stays out when the newer one was applied, cut off, and sent once more, which %s', async (how, answerAgain) => {
  const read: string[] = [];
  target = await startRawSubscriber((request) => {
    read.push(/\r\nwebhook-id: (\S+)/.exec(request.head)?.[1] ?? '');
    if (request.number === 1) return void request.socket.write(ok);
    if (request.number > 2) return answerAgain(request);
    request.socket.resetAndDestroy();
    if (how === 'found nobody listening') void target.close();
  });
  const harness = new DeliverHarness();
  const seen = await harness.subscriptions.find(payrollId);
  if (seen === undefined) throw new Error('no subscription');
  await harness.subscriptions.change(seen, { url: `http://127.0.0.1:${target.port}/hook`, at: new Date(harness.nowMs) });
  await harness.run([status('suspended', 1)], { sender });
  await harness.run([status('deactivated', 9)], { sender });
  expect([read.slice(0, 2), harness.recordOf('deactivated-9')?.status]).toEqual([['suspended-1', 'deactivated-9'], 'pending']);

  // In another group of the queue, while the newer one waits for its next attempt.
  await harness.run([{ ...status('activated', 4), groupId: 'another' }], { sender });
  expect([harness.recordOf('activated-4')?.status, read.includes('activated-4')]).toEqual(['superseded', false]);
});
