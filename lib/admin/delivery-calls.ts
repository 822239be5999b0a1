import * as z from 'zod';
import { deliveryStatuses, type Delivery } from '../delivery/delivery.ts';
import { subscriptionIdSchema } from '../subscriptions/subscription.ts';
import type { AdminCall } from './admin-call.ts';
import { badCursor, readQuery } from './query.ts';

/** Ids of changes and users are Okta's and opaque; a longer one cannot be a partition key in DynamoDB, so nothing is found by it. */
const maxIdBytes = 2_048;
const oktaId = z
  .string()
  .min(1, 'must not be empty')
  .refine((id) => Buffer.byteLength(id) <= maxIdBytes, `can have ${maxIdBytes} bytes at most`)
  .optional();

const parameters = {
  subscription: z
    .string()
    .refine((id) => subscriptionIdSchema.safeParse(id).success, 'must be the id of a subscription')
    .optional(),
  status: z.enum(deliveryStatuses, { error: `must be one of ${deliveryStatuses.join(', ')}` }).optional(),
  change: oktaId,
  user: oktaId,
  since: z.iso
    .datetime({ offset: true, error: 'must be a date-time with its offset, e.g. 2026-11-21T12:58:42Z' })
    .transform((time) => new Date(time))
    .optional(),
};

export const listDeliveriesCall: AdminCall = async ({ request }, { deliveries }) => {
  const query = readQuery(request.query, parameters);
  if (query.kind === 'invalid') return query;
  const page = await deliveries.list(query.value);
  if (page.kind === 'bad-cursor') return badCursor;
  return { kind: 'found', body: { data: page.data.map(deliveryView), nextCursor: page.nextCursor } };
};

/** Design section 9, field by field. */
function deliveryView({ id, subscription, change, type, status, attempts, nextAttemptAt, replay }: Delivery): object {
  return {
    id,
    subscription,
    change,
    type,
    status,
    attempts: attempts.map((attempt) => ({
      time: attempt.time,
      status: attempt.status,
      latencyMs: attempt.latencyMs,
      error: attempt.error,
    })),
    nextAttemptAt,
    ...(replay === undefined ? {} : { replay }),
  };
}
