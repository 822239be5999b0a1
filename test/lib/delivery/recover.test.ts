import { describe, expect, it } from 'vitest';
import { deliveryIdOf, type DeliveryMessage, type DeliveryStatus } from '#lib/delivery/delivery.ts';
import { readDeliveryMessage } from '#lib/delivery/read-delivery-message.ts';
import { recoverDeadLetters } from '#lib/delivery/recover.ts';
import { redeliver } from '#lib/delivery/redeliver.ts';
import { replayIdSchema } from '#lib/delivery/replay-mark.ts';
import { now, relayWith } from '../lanes/asked-for.ts';

const hourMs = 60 * 60_000;
const since = new Date(now.getTime() - hourMs).toISOString();

/** A relay that can be asked for one recovery of everything after the other. */
async function recoverable() {
  const relay = await relayWith();
  let recoveries = 0;
  const recover = async (): Promise<number> => {
    recoveries += 1;
    const recovery = { id: `rpl_0000000000000000000000000${recoveries}`, status: 'running', since, redelivered: 0 } as const;
    const until = new Date(now.getTime() + hourMs).toISOString();
    expect(await relay.subscriptions.setRecovery(relay.subscription.id, { seen: undefined, recovery: { ...recovery, until } })).toBe(true);
    return (await recoverDeadLetters(relay, (await relay.subscriptions.find(relay.subscription.id))!, () => true)).sent;
  };
  /** What is on the queue, by delivery: a message that is there twice is one delivery. */
  const queued = () => new Map(relay.queue.taken.map(({ message }) => [message.delivery, message]));
  /** The delivery that a replay made of the relay's change. */
  const replayed = ({ full }: { full: boolean }): DeliveryMessage => {
    const id = replayIdSchema.parse('rpl_01kaq8v1c0f3zq6m2x7w9ystrb');
    const { message } = relay;
    return { ...message, delivery: deliveryIdOf(message.subscription, message.org, message.change.id, id), replay: { id, full } };
  };
  return { ...relay, recover, queued, replayed };
}

/** Brings what was recovered or redelivered last to an end, as a delivery a second younger than those before. */
async function endOfLast({ queue, deliveries }: Awaited<ReturnType<typeof recoverable>>, status: DeliveryStatus, isKept = true) {
  const message = queue.taken.at(-1)!.message;
  const later = new Date(now.getTime() + 1_000 * queue.taken.length);
  await deliveries.claim({ message, lease: 'later', now: later, leaseMs: 60_000 });
  const letter = status === 'dead' && isKept ? { letter: message } : {};
  await deliveries.settle({ id: message.delivery, lease: 'later', status, ...letter });
  return message;
}

describe('recoverDeadLetters', () => {
  it('puts a dead letter of a replay in full under the stale guard', async () => {
    const relay = await recoverable();
    await relay.settle(relay.replayed({ full: true }), 'dead', 'exhausted');
    expect(await relay.recover()).toBe(1);
    expect(relay.queue.taken[0]?.message.replay).toMatchObject({ id: 'rpl_00000000000000000000000001', full: false });
  });

  it('puts on the queue what deliver can read, under the id of a redelivery', async () => {
    const relay = await recoverable();
    await relay.settle(relay.message, 'dead', 'exhausted');
    await relay.recover();
    const [queued] = relay.queue.taken;
    expect(readDeliveryMessage(JSON.stringify(queued?.message), now)).toEqual({ kind: 'readable', message: queued?.message });
    expect(await redeliver(relay.message.delivery, relay)).toEqual({ kind: 'queued', delivery: queued?.message.delivery });
  });

  it.each(['delivered', 'superseded', 'cancelled'] as const)('passes over what an earlier recovery sent and is %s', async (status) => {
    const relay = await recoverable();
    await relay.settle(relay.message, 'dead', 'exhausted');
    expect(await relay.recover()).toBe(1);
    await endOfLast(relay, status);
    expect(await relay.recover()).toBe(0);
    expect(relay.queue.taken).toHaveLength(1);
  });

  it('passes over what was redelivered by itself', async () => {
    const relay = await recoverable();
    await relay.settle(relay.message, 'dead', 'exhausted');
    await redeliver(relay.message.delivery, relay);
    await endOfLast(relay, 'delivered');
    expect(await relay.recover()).toBe(0);
  });

  it('passes over what a replay brought since', async () => {
    const relay = await recoverable();
    await relay.settle(relay.message, 'dead', 'exhausted');
    const message = relay.replayed({ full: false });
    const later = new Date(now.getTime() + 1_000);
    await relay.deliveries.claim({ message, lease: 'replay', now: later, leaseMs: 60_000 });
    await relay.deliveries.settle({ id: message.delivery, lease: 'replay', status: 'delivered' });
    expect(await relay.recover()).toBe(0);
  });

  it('sends what died of a replay although the change was delivered before it', async () => {
    const relay = await recoverable();
    const earlier = new Date(now.getTime() - 1_000);
    await relay.deliveries.claim({ message: relay.message, lease: 'first', now: earlier, leaseMs: 60_000 });
    await relay.deliveries.settle({ id: relay.message.delivery, lease: 'first', status: 'delivered' });
    await relay.settle(relay.replayed({ full: false }), 'dead', 'exhausted');
    expect(await relay.recover()).toBe(1);
  });

  it('makes one delivery of a letter that is asked for twice while the first one is under way', async () => {
    const relay = await recoverable();
    await relay.settle(relay.message, 'dead', 'exhausted');
    await relay.recover();
    await relay.recover();
    await redeliver(relay.message.delivery, relay);
    expect(relay.queued().size).toBe(1);
  });

  it('sends the younger of two letters of one change, also where both were created at once', async () => {
    const relay = await recoverable();
    await relay.settle(relay.message, 'dead', 'exhausted');
    await relay.settle(relay.replayed({ full: false }), 'dead', 'exhausted');
    expect(await relay.recover()).toBe(1);
  });

  it('sends a recovered delivery that died too, and not the letter it came from', async () => {
    const relay = await recoverable();
    await relay.settle(relay.message, 'dead', 'exhausted');
    await relay.recover();
    const first = await endOfLast(relay, 'dead');
    expect(await relay.recover()).toBe(1);
    const second = await endOfLast(relay, 'delivered');
    expect(second.delivery).not.toBe(first.delivery);
    expect(await relay.recover()).toBe(0);
    expect(relay.queued().size).toBe(2);
  });

  it('keeps a letter in spite of a younger one that cannot be sent', async () => {
    const relay = await recoverable();
    await relay.settle(relay.message, 'dead', 'exhausted');
    const message = relay.replayed({ full: false });
    const later = new Date(now.getTime() + 1_000);
    await relay.deliveries.claim({ message, lease: 'replay', now: later, leaseMs: 60_000 });
    await relay.deliveries.settle({ id: message.delivery, lease: 'replay', status: 'dead' });
    expect(await relay.recover()).toBe(1);
  });
});
