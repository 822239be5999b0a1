import * as z from 'zod';
import { signatureChoices } from './new-signing-secrets.ts';
import { objectOf } from './field-words.ts';
import { subscriptionFields, type FieldBounds } from './subscription-fields.ts';
import { formats } from './subscription.ts';

/** Also told to whoever changes one. */
export const noneWithMinimal = 'cannot be chosen with the format `minimal`, which sends ids only';

/** Body of `POST /v1/subscriptions`. Every field is checked by itself, so that all faults are told at once. */
export function subscriptionRequestSchema(fieldBounds: FieldBounds) {
  const { deliveriesPerSecond, concurrency, schedule, ...fields } = subscriptionFields(fieldBounds);
  const shape = z.strictObject(
    {
      name: fields.name,
      url: fields.url,
      types: fields.types,
      orgs: fields.orgs.optional(),
      filter: fields.filter.optional(),
      ordering: z.enum(['per-subject', 'none'], { error: 'must be `per-subject` or `none`' }).default('per-subject'),
      format: z.enum(formats, { error: 'must be `cloudevents` or `minimal`' }).default('cloudevents'),
      limits: z
        .strictObject({ deliveriesPerSecond: deliveriesPerSecond.optional(), concurrency: concurrency.optional() }, objectOf('limits'))
        .optional(),
      retry: z.strictObject({ schedule }, objectOf('retry')).optional(),
      stale: fields.stale.optional(),
      attributes: fields.attributes.optional(),
      signature: z.enum(signatureChoices, { error: 'must be `v1`, `v1a` or `both`' }).default('v1'),
    },
    objectOf('a subscription'),
  );
  return shape.refine(({ format, attributes }) => format !== 'minimal' || attributes === undefined, {
    path: ['attributes'],
    error: noneWithMinimal,
  });
}
export type SubscriptionRequest = z.infer<ReturnType<typeof subscriptionRequestSchema>>;
