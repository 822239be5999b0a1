import * as z from 'zod';
import { fieldProblemsOf, type FieldProblem } from './field-problems.ts';
import { moveSubscription, type MoveOutcome, type MoveParts } from './move-subscription.ts';
import { objectOf } from './subscription-fields.ts';
import type { SubscriptionId } from './subscription.ts';

/** Design section 6: seven days, after which what waits would be too old to be of use. */
const longestPauseMs = 7 * 24 * 60 * 60_000;

export type PauseOutcome = MoveOutcome | { readonly kind: 'invalid'; readonly errors: readonly FieldProblem[] };

/** Body of `POST /v1/subscriptions/{id}/pause`. */
export function pauseRequestSchema(now: Date) {
  const dateTime = 'must be a date-time with its offset, e.g. 2026-11-28T12:00:00Z';
  const until = z.iso
    .datetime({ offset: true, abort: true, error: dateTime })
    .transform((text) => new Date(text))
    .refine((time) => time > now, 'must be in the future')
    .refine((time) => time.getTime() <= now.getTime() + longestPauseMs, 'can be seven days ahead at most');
  return z.strictObject({ until: until.optional() }, objectOf('a pause'));
}

/**
 * Has a subscription wait, until a time or for seven days; a pause under way gets the new end.
 * @throws RelayError SUBSCRIPTION_STORE_UNAVAILABLE; it may be paused then
 */
export async function pauseSubscription(body: unknown, id: SubscriptionId, parts: MoveParts): Promise<PauseOutcome> {
  const at = parts.now();
  const parsed = pauseRequestSchema(at).safeParse(body);
  if (!parsed.success) return { kind: 'invalid', errors: fieldProblemsOf(parsed.error) };
  const pausedUntil = parsed.data.until ?? new Date(at.getTime() + longestPauseMs);
  return moveSubscription(id, { status: 'paused', from: ['active', 'paused'], at, pausedUntil }, parts);
}
