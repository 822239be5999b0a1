import * as z from 'zod';
import { deliveryMessageSchema, deliveryStatuses, type DeliveryId } from '../delivery/delivery.ts';
import { redeliver, type RedeliverOutcome } from '../delivery/redeliver.ts';
import { subscriptionIdSchema } from '../subscriptions/subscription.ts';
import type { AdminCall } from './admin-call.ts';
import { refuseFields } from './call-body.ts';
import { deliveryView } from './delivery-view.ts';
import { badCursor, readQuery } from './query.ts';

/** Ids of changes and users are Okta's and opaque; a longer one cannot be a partition key in DynamoDB, so nothing is found by it. */
const maxIdBytes = 2_048;
const oktaId = z
  .string()
  .min(1, 'must not be empty')
  .refine((id) => Buffer.byteLength(id) <= maxIdBytes, `can have ${maxIdBytes} bytes at most`)
  .optional();

const deliveryIdSchema = deliveryMessageSchema.shape.delivery;

const dateTime = z.iso
  .datetime({ offset: true, error: 'must be a date-time with its offset, e.g. 2026-11-21T12:58:42Z' })
  .transform((time) => new Date(time))
  .optional();

const parameters = {
  subscription: z
    .string()
    .refine((id) => subscriptionIdSchema.safeParse(id).success, 'must be the id of a subscription')
    .optional(),
  status: z.enum(deliveryStatuses, { error: `must be one of ${deliveryStatuses.join(', ')}` }).optional(),
  change: oktaId,
  user: oktaId,
  since: dateTime,
  until: dateTime,
};

export const listDeliveriesCall: AdminCall = async ({ request }, { deliveries }) => {
  const query = readQuery(request.query, parameters);
  if (query.kind === 'invalid') return query;
  const page = await deliveries.list(query.value);
  if (page.kind === 'bad-cursor') return badCursor;
  return { kind: 'found', body: { data: page.data.map(deliveryView), nextCursor: page.nextCursor } };
};

export const getDeliveryCall: AdminCall = async ({ name }, { deliveries }) => {
  const id = deliveryIdIn(name);
  const delivery = id === undefined ? undefined : await deliveries.find(id);
  return delivery === undefined ? { kind: 'not-found' } : { kind: 'found', body: deliveryView(delivery) };
};

export const redeliverCall: AdminCall = async ({ request, name }, { deliveries, subscriptions, lanes, queues, now }) => {
  const refused = refuseFields(request, 'a redelivery');
  if (refused !== undefined) return refused;
  const id = deliveryIdIn(name);
  const parts = { deliveries, subscriptions, lanes, queue: queues.replayDeliveries, now };
  const outcome = id === undefined ? undefined : await redeliver(id, parts);
  if (outcome === undefined || outcome.kind === 'unknown') return { kind: 'not-found' };
  if (outcome.kind !== 'queued' && outcome.kind !== 'hastened') return { kind: 'conflict', detail: whyNot(outcome) };
  return { kind: 'accepted', location: `/v1/deliveries/${outcome.delivery}`, body: { id: outcome.delivery } };
};

function whyNot(outcome: Exclude<RedeliverOutcome, { kind: 'queued' | 'hastened' | 'unknown' }>): string {
  switch (outcome.kind) {
    case 'not-dead':
      return `The delivery is ${outcome.status}: only one that is dead or parked is sent again`;
    case 'busy':
      return 'The delivery is being tried at this moment: look at it again in a minute';
    case 'lane-unknown':
      return 'The delivery was parked before the relay kept a note of its lane: it is tried when it is due, or when its subscription is resumed';
    case 'empty':
      return 'What the delivery held was not kept. A replay of its time can send the change again';
    case 'unreadable':
      return 'What is kept of the delivery cannot be read. A replay of its time can send the change again';
    case 'subscription':
      return outcome.status === 'deleted' ? 'The subscription was deleted' : 'The subscription is disabled: resume it first';
    case 'redelivered':
      return `It was sent again as ${outcome.delivery}, which is ${outcome.status}`;
  }
}

function deliveryIdIn(text: string): DeliveryId | undefined {
  const id = deliveryIdSchema.safeParse(text);
  return id.success ? id.data : undefined;
}
