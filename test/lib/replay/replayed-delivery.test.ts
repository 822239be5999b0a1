import { describe, expect, it } from 'vitest';
import { deliveryIdOf, type DeliveryMessage } from '#lib/delivery/delivery.ts';
import { readDeliveryMessage } from '#lib/delivery/read-delivery-message.ts';
import { replayIdSchema } from '#lib/delivery/replay-mark.ts';
import { webhookHeaders } from '#lib/webhooks/webhook-headers.ts';
import { workDelivery } from '#lib/lanes/work-delivery.ts';
import { DeliverHarness, signingSecret } from '../lanes/deliver-harness.ts';
import { deliveryMessage } from '../delivery/delivery-message.ts';

const id = replayIdSchema.parse('rpl_00000000000000000000000001');
const other = replayIdSchema.parse('rpl_00000000000000000000000002');

function replayed(replay = id, full = false): DeliveryMessage {
  const message = deliveryMessage();
  return { ...message, delivery: deliveryIdOf(message.subscription, message.org, message.change.id, replay), replay: { id: replay, full } };
}

describe('a delivery that a replay brings', () => {
  it('is marked, and carries the webhook-id of the first time', () => {
    const attempt = { at: new Date(0), body: Buffer.from('{}'), secrets: [signingSecret] };
    expect(webhookHeaders(replayed(), attempt)).toEqual({ ...webhookHeaders(deliveryMessage(), attempt), 'relay-replay': id });
  });

  it('is read with its mark, and only under its own delivery id', () => {
    const read = (message: unknown) => readDeliveryMessage(JSON.stringify(message), new Date(0)).kind;
    expect(readDeliveryMessage(JSON.stringify(replayed()), new Date(0))).toEqual({ kind: 'readable', message: replayed() });
    expect(read({ ...replayed(), delivery: deliveryMessage().delivery })).toBe('unreadable');
    expect(read({ ...replayed(), replay: { id: other, full: false } })).toBe('unreadable');
    expect(read({ ...replayed(), replay: { id: 'rpl_x\r\nx-injected: 1', full: false } })).toBe('unreadable');
    expect(read({ ...deliveryMessage(), delivery: replayed().delivery })).toBe('unreadable');
  });

  it('is sent although the change was delivered before, once for each replay', async () => {
    const harness = new DeliverHarness();
    const deliver = (message: DeliveryMessage) => workDelivery(harness.parts(), { message, group: 'g', probe: false });
    const outcomes = [];
    for (const message of [deliveryMessage(), deliveryMessage(), replayed(), replayed(), replayed(other)])
      outcomes.push((await deliver(message)).kind);
    expect(outcomes).toEqual(['delivered', 'duplicate', 'delivered', 'duplicate', 'delivered']);
    expect(harness.sent.map(({ headers }) => headers['relay-replay'])).toEqual([undefined, id, other]);
    expect(new Set(harness.sentIds()).size).toBe(1);
    const listed = await harness.store.list({ limit: 10 });
    expect(listed.kind === 'page' && listed.data.map(({ replay }) => replay).toSorted()).toEqual([id, other, undefined]);
  });
});
