import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readDeliveryMessage } from '#lib/delivery/read-delivery-message.ts';
import { deliveryMessage } from './delivery-message.ts';

const receivedAt = new Date('2026-11-22T06:00:00.000Z');
const message = deliveryMessage();

describe('reading a message of the delivery queue', () => {
  it('gives the delivery back as it was queued, unknown members included', () => {
    const queued = { ...message, change: { ...message.change, futureattribute: 1 }, traceparent: '00-0-0-01' };
    expect(readDeliveryMessage(JSON.stringify(queued), receivedAt)).toEqual({ kind: 'readable', message: queued });
  });

  it.each([
    ['no JSON', '{"v":1', 'unknown', 'The message is not JSON.'],
    ['nothing', '', 'unknown', 'The message is not JSON.'],
    ['another version', JSON.stringify({ ...message, v: 2 }), 'acme', 'The message does not read as a delivery; at fault: /v.'],
    ['no change', JSON.stringify({ ...message, change: null }), 'acme', 'The message does not read as a delivery; at fault: /change.'],
    [
      'a foreign delivery id',
      JSON.stringify({ ...message, delivery: `dlv_${'0'.repeat(32)}` }),
      'acme',
      "The message's delivery id is not the one of its subscription, org and change.",
    ],
    [
      'an org that is none',
      JSON.stringify({ ...message, org: 'ana@example.com' }),
      'unknown',
      'The message does not read as a delivery; at fault: /org.',
    ],
  ])('keeps %s for the quarantine', (_, body, org, detail) => {
    expect(readDeliveryMessage(body, receivedAt)).toEqual({
      kind: 'unreadable',
      entry: {
        id: expect.stringMatching(/^delivery-[0-9a-f]{32}$/) as string,
        org,
        reason: 'delivery-unreadable',
        detail,
        receivedAt,
        body: Buffer.from(body),
      },
    });
  });

  it('is total, and names the same input the same', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.jsonValue().map((change) => JSON.stringify({ ...message, change })),
        ),
        (body) => {
          const read = readDeliveryMessage(body, receivedAt);
          if (read.kind === 'unreadable') expect(readDeliveryMessage(body, new Date(0))).toMatchObject({ entry: { id: read.entry.id } });
        },
      ),
    );
  });
});
