import { createHash } from 'node:crypto';
import type { Change } from '../identity/change.ts';
import type { Subscription } from '../subscriptions/subscription.ts';
import type { QueuedDelivery } from './delivery-queue.ts';
import type { DeliveryMessage } from './delivery.ts';

interface Lane {
  readonly orderingKey: string;
  readonly ordering: Subscription['ordering'];
}

/**
 * What a change is kept in order by, within its org: what follows `<org>:` in its `partitionkey`. Undefined when the two do not
 * agree; such a change has no lane.
 */
export function orderingKeyIn(change: Pick<Change, 'partitionkey' | 'data'>): string | undefined {
  const prefix = `${change.data.org}:`;
  const { partitionkey } = change;
  return partitionkey.startsWith(prefix) && partitionkey.length > prefix.length ? partitionkey.slice(prefix.length) : undefined;
}

/**
 * The lane, (subscription, org, ordering key), or with ordering `none` the delivery itself. Hashed, because Okta ids are opaque and SQS takes 128
 * characters of a limited set.
 */
export function groupOf({ subscription, org, delivery }: Named, { orderingKey, ordering }: Lane): string {
  const parts = ordering === 'none' ? [delivery] : [subscription, org, orderingKey];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

type Named = Readonly<Record<'subscription' | 'org' | 'delivery', string>>;

/**
 * A delivery with its place in the queue.
 *
 * The deduplication id is the delivery's id, itself a hash of (subscription, org, change id). So what fan-out sends again after
 * an answer it never saw, and an event that came twice within five minutes, stay one message. Neither the record's offset nor the
 * sequence is part of it: they would tell the copies apart, and the copies are what must collapse. Nothing owed is swallowed by
 * this: SQS drops a copy only of what it took, the first of two copies settles the delivery for both, and what is sent again
 * on purpose (replay, redelivery, the release of a parked lane) carries ids of its own.
 */
export function placed(message: DeliveryMessage, lane: Lane): QueuedDelivery {
  return { groupId: groupOf(message, lane), deduplicationId: message.delivery, message };
}
