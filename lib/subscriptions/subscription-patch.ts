import * as z from 'zod';
import { objectOf } from './field-words.ts';
import { subscriptionFields, type FieldBounds } from './subscription-fields.ts';
import type { Limits, Subscription, SubscriptionChanges } from './subscription.ts';

const never = (error: string) => z.never({ error }).optional();

/** Body of `PATCH /v1/subscriptions/{id}`, a merge patch (RFC 7396): what is left out stays, null takes away. */
export function subscriptionPatchSchema(fieldBounds: FieldBounds) {
  const { deliveriesPerSecond, concurrency, schedule, ...fields } = subscriptionFields(fieldBounds);
  return z.strictObject(
    {
      name: fields.name.optional(),
      url: fields.url.optional(),
      types: fields.types.optional(),
      orgs: fields.orgs.nullish(),
      filter: fields.filter.nullish(),
      attributes: fields.attributes.nullish(),
      limits: z
        .strictObject({ deliveriesPerSecond: deliveriesPerSecond.nullish(), concurrency: concurrency.nullish() }, objectOf('limits'))
        .nullish(),
      retry: z.strictObject({ schedule: schedule.nullish() }, objectOf('retry')).nullish(),
      stale: fields.stale.nullish(),
      // What is under way was put in its lanes by it.
      ordering: never('cannot be changed'),
      format: never('cannot be changed'),
      signature: never('is changed by rotating the secret'),
      status: never('cannot be set: pause, resume or delete the subscription'),
    },
    objectOf('a subscription that can be changed'),
  );
}
export type SubscriptionPatch = z.infer<ReturnType<typeof subscriptionPatchSchema>>;

/** What a patch changes of a subscription. Empty when it changes nothing. */
export function changesOf(patch: SubscriptionPatch, { limits: seen }: Pick<Subscription, 'limits'>): SubscriptionChanges {
  const { name, url, types, orgs, filter, attributes, limits, retry, stale } = patch;
  const waits = retry === null ? null : retry?.schedule;
  return {
    ...(name === undefined ? {} : { name }),
    ...(url === undefined ? {} : { url }),
    ...(types === undefined ? {} : { types }),
    ...(orgs === undefined ? {} : { orgs }),
    ...(filter === undefined ? {} : { filter }),
    ...(attributes === undefined ? {} : { attributes }),
    ...(limits === undefined ? {} : { limits: limits === null ? null : merged(seen, limits) }),
    ...(waits === undefined ? {} : { retrySeconds: waits }),
    ...(stale === undefined ? {} : { stale: stale ?? 'skip' }),
  };
}

/** Null when none is left. */
function merged(seen: Limits | undefined, patch: NonNullable<SubscriptionPatch['limits']>): Limits | null {
  const kept = Object.entries({ ...seen, ...patch }).filter(([, limit]) => limit !== null && limit !== undefined);
  return kept.length === 0 ? null : Object.fromEntries(kept);
}
