import { createHash } from 'node:crypto';
import { maxChangeBytes } from '../identity/change.ts';
import { hasMoreValuesThan, maxJsonValues } from '../identity/has-more-values-than.ts';
import { isDeeperThan, maxJsonDepth } from '../identity/is-deeper-than.ts';
import { orgIdSchema } from '../okta/org.ts';
import type { QuarantineEntry } from '../quarantine/quarantine.ts';
import { deliveryIdOf, deliveryMessageSchema, type DeliveryMessage } from './delivery.ts';

/** Ids, sequence, trace context and the mark of a replay are some 500 bytes. */
const maxWrappingBytes = 4_096;
const maxMessageBytes = maxChangeBytes + maxWrappingBytes;

export type ReadDelivery =
  { readonly kind: 'readable'; readonly message: DeliveryMessage } | { readonly kind: 'unreadable'; readonly entry: QuarantineEntry };

/**
 * Reads the body of a queue message. Total: what cannot be read becomes an entry for the quarantine, the same one each time. SQS takes bodies of a
 * megabyte; one that the table of deliveries has no room for would hold its lane up for as long as the queue keeps it.
 */
export function readDeliveryMessage(body: string, receivedAt: Date): ReadDelivery {
  const value = parse(body);
  if (hasMoreValuesThan(maxJsonValues, value))
    return unreadable(body, undefined, receivedAt, 'The message has too many members and elements.');
  if (isDeeperThan(maxJsonDepth, value)) return unreadable(body, undefined, receivedAt, 'The message is nested too deep.');
  const result = deliveryMessageSchema.safeParse(value);
  if (!result.success) {
    // Paths only: zod's messages can repeat what they were given.
    const paths = [...new Set(result.error.issues.map((issue) => `/${issue.path.join('/')}`))].slice(0, 5);
    return unreadable(
      body,
      value,
      receivedAt,
      value === undefined ? 'The message is not JSON.' : `The message does not read as a delivery; at fault: ${paths.join(', ')}.`,
    );
  }
  const message = result.data;
  // As it will be stored, not as it came: for the queue a character may have been written as twelve, and `1e20` is stored as 21 digits.
  if (Buffer.byteLength(JSON.stringify(message)) > maxMessageBytes)
    return unreadable(body, value, receivedAt, `The message is longer than the ${maxMessageBytes} bytes that a delivery may have.`);
  // A message under another delivery's id would be taken for a duplicate of it and never be sent.
  if (message.delivery !== deliveryIdOf(message.subscription, message.org, message.change.id, message.replay?.key ?? message.replay?.id)) {
    return unreadable(body, value, receivedAt, "The message's delivery id is not the one of its subscription, org and change.");
  }
  return { kind: 'readable', message };
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch {
    // Not JSON is one of the two expected outcomes; no JSON text parses to undefined.
    return undefined;
  }
}

function unreadable(body: string, value: unknown, receivedAt: Date, detail: string): ReadDelivery {
  const digest = createHash('sha256').update(body).digest('hex');
  const org = typeof value === 'object' && value !== null && 'org' in value ? orgIdSchema.safeParse(value.org) : undefined;
  return {
    kind: 'unreadable',
    entry: {
      id: `delivery-${digest.slice(0, 32)}`,
      org: org?.success === true ? org.data : 'unknown',
      reason: 'delivery-unreadable',
      detail,
      receivedAt,
      body: Buffer.from(body, 'utf8'),
    },
  };
}
