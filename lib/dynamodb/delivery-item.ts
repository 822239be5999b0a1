import { createHash } from 'node:crypto';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import * as z from 'zod';
import {
  attemptErrors,
  deliveryReasons,
  deliveryStatuses,
  type Attempt,
  type Delivery,
  type DeliveryId,
  type DeliveryMessage,
} from '../delivery/delivery.ts';
import { groupOf, orderingKeyIn } from '../delivery/lane.ts';
import { RelayError } from '../errors.ts';
import { subscriptionIdSchema } from '../subscriptions/subscription.ts';

export type Item = Record<string, AttributeValue>;

/** DynamoDB allows 2,048 bytes in an index key, Okta promises no length for its ids, and an item has 400 KB for everything. */
const longestKeyBytes = 1_024;

/** An id as it is kept and looked up: itself, or `sha256:` and its digest when it is too long for an index. */
export function indexKeyOf(id: string): string {
  if (Buffer.byteLength(id) <= longestKeyBytes) return id;
  return `sha256:${createHash('sha256').update(id).digest('hex')}`;
}

/** `yyyy-mm-ddThh` (UTC) of a time. */
export function hourOf(time: Date): string {
  return time.toISOString().slice(0, 13);
}

/** Sorts by time of creation, and is one delivery's own. */
export function createdKeyOf(createdAt: Date, id: string): string {
  return `${createdAt.toISOString()}#${id}`;
}

export function subscriptionHourOf(subscription: string, hour: string): string {
  return `${subscription}#${hour}`;
}

/** What a delivery's first claim writes and nothing changes afterwards: ids only, no name and no address of a person. */
export function fixedAttributesOf(message: DeliveryMessage, createdAt: Date): Item {
  const { change, subscription } = message;
  const hour = hourOf(createdAt);
  const user = change.data.user?.id;
  return {
    subscription: { S: subscription },
    org: { S: message.org },
    change: { S: indexKeyOf(change.id) },
    type: { S: indexKeyOf(change.type) },
    createdAt: { S: createdAt.toISOString() },
    createdKey: { S: createdKeyOf(createdAt, message.delivery) },
    hour: { S: hour },
    subscriptionHour: { S: subscriptionHourOf(subscription, hour) },
    ...(user === undefined ? {} : { user: { S: indexKeyOf(user) } }),
    ...(message.replay === undefined ? {} : { replay: { S: message.replay.id } }),
    group: { S: groupOf(message, { orderingKey: orderingKeyIn(change) ?? change.id, ordering: 'per-subject' }) },
  };
}

/** In UTF-16 units. What a subscriber answers is its own to decide, and an item has 400 KB for `longestAttemptLog` of them and a letter of 256 KiB. */
const longestAnswer = 1_024;

export function attemptAttribute({ time, status, latencyMs, error, answer, probe }: Attempt): AttributeValue {
  return {
    M: {
      time: { S: time },
      status: status === null ? { NULL: true } : { N: String(status) },
      latencyMs: { N: String(latencyMs) },
      error: error === null ? { NULL: true } : { S: error },
      ...(answer === undefined ? {} : { answer: { S: answer.slice(0, longestAnswer) } }),
      ...(probe === undefined ? {} : { probe: { BOOL: probe } }),
    },
  };
}

const attemptSchema = z.object({
  time: z.string(),
  status: z.coerce.number().int().nullable(),
  latencyMs: z.coerce.number(),
  error: z.enum(attemptErrors).nullable(),
  answer: z.string().optional(),
  probe: z.literal(true).optional(),
});

const deliverySchema = z.object({
  id: z.string().transform((id) => id as DeliveryId), // written by us, from a DeliveryId
  subscription: subscriptionIdSchema,
  org: z.string(),
  change: z.string(),
  type: z.string(),
  user: z.string().nullable().default(null),
  status: z.enum(deliveryStatuses),
  reason: z.enum(deliveryReasons).optional(),
  createdAt: z.string(),
  attempts: z.array(attemptSchema),
  nextAttemptAt: z.string().nullable().default(null),
  replay: z.string().optional(),
  group: z.string().optional(),
});

/** For a read that leaves the letter where it is: it is a hundred times as large as all the rest. */
export const deliveryProjection = {
  ProjectionExpression: Object.keys(deliverySchema.shape)
    .map((name) => `#${name}`)
    .join(', '),
  ExpressionAttributeNames: Object.fromEntries(Object.keys(deliverySchema.shape).map((name) => [`#${name}`, name])),
};

/** @throws RelayError DELIVERY_STORE_UNAVAILABLE when the item is none of ours. */
export function deliveryOf(item: Item): Delivery {
  const delivery = deliverySchema.safeParse(plain({ M: item }));
  if (delivery.success) return delivery.data;
  throw new RelayError('DELIVERY_STORE_UNAVAILABLE', 'A stored delivery cannot be read', {
    facts: { delivery: item['id']?.S ?? '?' },
    cause: delivery.error,
  });
}

/** Numbers stay text, as DynamoDB sends them; the schema knows which are numbers. */
function plain(value: AttributeValue): unknown {
  if (value.M !== undefined) return Object.fromEntries(Object.entries(value.M).map(([name, inner]) => [name, plain(inner)]));
  if (value.L !== undefined) return value.L.map(plain);
  return value.NULL === true ? null : (value.S ?? value.N ?? value.BOOL);
}
