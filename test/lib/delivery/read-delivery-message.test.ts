import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readDeliveryMessage } from '#lib/delivery/read-delivery-message.ts';
import { maxAttributeLength, maxChangeBytes } from '#lib/identity/change.ts';
import { maxChangeValues } from '#lib/identity/has-more-values-than.ts';
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

  describe('at the bounds of what the table of deliveries takes', () => {
    const withMembers = (members: Record<string, unknown>) => JSON.stringify({ ...message, change: { ...message.change, ...members } });
    const padded = (bytes: number) => withMembers({ note: 'x'.repeat(bytes - Buffer.byteLength(JSON.stringify({ ...message.change, note: '' }))) }); // prettier-ignore

    it.each([
      ['the largest change', padded(maxChangeBytes)],
      ['one whose characters were escaped for the queue', padded(maxChangeBytes).replaceAll('x', '\\u0078')],
      ['as many members and elements as a change may have', withMembers({ list: Array(maxChangeValues - 30).fill(0) })],
      ['a type as long as one may be', withMembers({ type: `okta.${'x'.repeat(maxAttributeLength - 5)}` })],
    ])('reads %s', (_, body) => {
      expect(readDeliveryMessage(body, receivedAt).kind).toBe('readable');
    });

    it.each([
      ['a change of 261 KiB', padded(maxChangeBytes + 5_000), 'The message is longer than the 266240 bytes that a delivery may have.'],
      ['one that grows when it is written again', withMembers({ list: '@', note: 'x'.repeat(100_000) }).replace('"@"', `[${Array(9_900).fill('1e20').join(',')}]`), 'The message is longer than the 266240 bytes that a delivery may have.'], // prettier-ignore
      ['half a million elements of the wrong kind', withMembers({ data: { ...message.change.data, roles: Array(500_000).fill(1) } }), 'The message has too many members and elements.'], // prettier-ignore
      ['a type of 450 KB', withMembers({ type: 'x'.repeat(450_000) }), 'The message does not read as a delivery; at fault: /change/type.'],
      ['a sequence of 450 KB', withMembers({ sequence: '1'.repeat(450_000) }), 'The message does not read as a delivery; at fault: /change/sequence.'], // prettier-ignore
    ])('keeps %s for the quarantine, whole', (_, body, detail) => {
      expect(readDeliveryMessage(body, receivedAt)).toMatchObject({ kind: 'unreadable', entry: { detail, body: Buffer.from(body) } });
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
