import { changeSchema, type Change, type SequencedChange } from '#lib/identity/change.ts';
import { sequenceOf } from '#lib/identity/sequence.ts';
import { deliveryIdOf } from '#lib/delivery/delivery.ts';
import type { QueuedDelivery } from '#lib/delivery/delivery-queue.ts';
import { placed } from '#lib/delivery/lane.ts';
import type { LogRecord } from '#lib/intake/change-log.ts';
import { subscriptionSchema, type Subscription } from '#lib/subscriptions/subscription.ts';

/** A change of the invented org `acme` about one user; `id` is the event's uuid. */
export function changeAbout(user: string, id: string, members: Readonly<Record<string, unknown>> = {}): Change {
  return changeSchema.parse({
    specversion: '1.0',
    id,
    source: 'https://acme.okta.com',
    type: 'identity.user.deactivated',
    subject: `users/${user}`,
    time: '2026-11-21T12:58:42.340Z',
    datacontenttype: 'application/json',
    partitionkey: `acme:${user}`,
    recordedtime: '2026-11-21T12:58:52.611Z',
    statekey: `users/${user}/status`,
    origin: 'hook',
    data: { org: 'acme', user: { id: user }, okta: { eventType: 'user.lifecycle.deactivate' } },
    ...members,
  });
}

/** An active subscription to everything. `name` is 1 to 20 characters of [0-9a-z] and makes the id. */
export function subscriptionNamed(name: string, members: Readonly<Record<string, unknown>> = {}): Subscription {
  return subscriptionSchema.parse({
    id: `sub_${name.padStart(20, '0')}`,
    name,
    url: 'https://hooks.example.com/relay',
    types: ['*'],
    ordering: 'per-subject',
    format: 'cloudevents',
    status: 'active',
    createdAt: '2026-11-20T08:00:00.000Z',
    updatedAt: '2026-11-20T08:00:00.000Z',
    signingSecrets: [
      {
        sealed: { v: 1, keyId: 'local:0', wrappedKey: 'AA==', iv: 'AA==', ciphertext: 'AA==', tag: 'AA==' },
        createdAt: '2026-11-20T08:00:00.000Z',
      },
    ],
    ...members,
  });
}

/** A delivery with its place in the queue, in the lane of `user`. */
export function deliveryTo(
  subscription: Subscription,
  user: string,
  id: string,
  members: Readonly<Record<string, unknown>> = {},
): QueuedDelivery {
  const change = changeAbout(user, id, members);
  const sequenced: SequencedChange = { ...change, sequence: sequenceOf(change, 0) };
  const { org } = change.data;
  const message = {
    v: 1 as const,
    delivery: deliveryIdOf(subscription.id, org, id),
    subscription: subscription.id,
    org,
    change: sequenced,
  };
  return placed(message, { orderingKey: user, ordering: subscription.ordering });
}

/** A record of the change log; `value` is a change, or bytes as they are. */
export function recordOf(
  place: { partition: number; offset: number },
  value: Change | Uint8Array | null,
  members: Partial<LogRecord> = {},
): LogRecord {
  return {
    topic: 'identity.changes.v1',
    ...place,
    timestampMs: Date.parse('2026-11-21T12:58:52.700Z'),
    key: value === null || value instanceof Uint8Array ? null : Buffer.from(value.partitionkey),
    value: value === null || value instanceof Uint8Array ? value : Buffer.from(JSON.stringify(value)),
    headers: [],
    ...members,
  };
}
