import * as z from 'zod';
import { fieldProblemsOf, type FieldProblem } from '../subscriptions/field-problems.ts';
import { findShown } from '../subscriptions/find-shown.ts';
import { objectOf } from '../subscriptions/field-words.ts';
import type { Recovery, SubscriptionId, SubscriptionStore } from '../subscriptions/subscription.ts';
import { deliveryRetentionDays } from './delivery.ts';
import { newReplayId } from './new-replay-id.ts';

export interface BeginRecoveryParts {
  readonly subscriptions: Pick<SubscriptionStore, 'find' | 'setRecovery'>;
  readonly now: () => Date;
  readonly randomBytes: (count: number) => Uint8Array;
}

export type BeginRecoveryOutcome =
  | { readonly kind: 'begun'; readonly recovery: Recovery }
  | { readonly kind: 'invalid'; readonly errors: readonly FieldProblem[] }
  | { readonly kind: 'unknown' }
  /** Another one is not done. */
  | { readonly kind: 'running' }
  /** What is sent again would die again. */
  | { readonly kind: 'disabled' };

const retentionMs = deliveryRetentionDays * 24 * 60 * 60_000;

/** Body of `POST /v1/subscriptions/{id}/recover`. */
export function recoveryRequestSchema(now: Date) {
  const dateTime = 'a date-time with its offset, e.g. 2026-11-21T12:00:00Z';
  const since = z.iso
    .datetime({
      offset: true,
      abort: true,
      error: (issue) => (issue.input === undefined ? `is required: ${dateTime}` : `must be ${dateTime}`),
    })
    .transform((text) => new Date(text))
    .refine((time) => time < now, 'must be in the past')
    .refine((time) => time.getTime() >= now.getTime() - retentionMs, `can be ${deliveryRetentionDays} days back at most: no dead letter is kept longer`); // prettier-ignore
  return z.strictObject({ since }, objectOf('a recovery'));
}

/**
 * Has the dead letters of a subscription sent again, of the deliveries created since a time; `sweep` does it, see recover.ts.
 * @throws RelayError SUBSCRIPTION_STORE_UNAVAILABLE; it may have begun then
 */
export async function beginRecovery(body: unknown, id: SubscriptionId, parts: BeginRecoveryParts): Promise<BeginRecoveryOutcome> {
  const at = parts.now();
  const parsed = recoveryRequestSchema(at).safeParse(body);
  const seen = await findShown(parts.subscriptions, id);
  if (seen === undefined) return { kind: 'unknown' };
  if (!parsed.success) return { kind: 'invalid', errors: fieldProblemsOf(parsed.error) };
  if (seen.status === 'disabled') return { kind: 'disabled' };
  const recovery: Recovery = {
    id: newReplayId(at, parts.randomBytes),
    status: 'running',
    since: parsed.data.since.toISOString(),
    until: at.toISOString(),
    redelivered: 0,
  };
  if (await parts.subscriptions.setRecovery(id, { seen: undefined, recovery })) return { kind: 'begun', recovery };
  return (await findShown(parts.subscriptions, id)) === undefined ? { kind: 'unknown' } : { kind: 'running' };
}
