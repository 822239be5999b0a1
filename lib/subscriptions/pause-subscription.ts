import * as z from 'zod';
import { fieldProblemsOf, type FieldProblem } from './field-problems.ts';
import { findShown } from './find-shown.ts';
import { moveSubscription, type MoveOutcome, type MoveParts } from './move-subscription.ts';
import { objectOf } from './field-words.ts';
import type { Subscription, SubscriptionId } from './subscription.ts';

/** Seven days, after which what waits would be too old to be of use. */
const longestPauseMs = 7 * 24 * 60 * 60_000;
/** How often its status may move between our look and our write; each time somebody else paused or resumed it. */
const mostLooks = 3;

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
 * Has a subscription wait, until a time or for seven days; a pause under way gets the new end, seven days after it began at most: what waits is no
 * younger for being paused again.
 * @throws RelayError SUBSCRIPTION_STORE_UNAVAILABLE; it may be paused then
 */
export async function pauseSubscription(body: unknown, id: SubscriptionId, parts: MoveParts): Promise<PauseOutcome> {
  const at = parts.now();
  const parsed = pauseRequestSchema(at).safeParse(body);
  if (!parsed.success) return { kind: 'invalid', errors: fieldProblemsOf(parsed.error) };
  const { until } = parsed.data;
  for (let looks = 1; ; looks += 1) {
    const seen = await findShown(parts.subscriptions, id);
    if (seen === undefined) return { kind: 'unknown' };
    const pausedSince = seen.status === 'paused' ? sinceOf(seen) : at;
    const latest = new Date(pausedSince.getTime() + longestPauseMs);
    if (until !== undefined && until > latest) return { kind: 'invalid', errors: [{ pointer: '/until', detail: tooLong(latest) }] };
    // From the status that was seen only: the beginning is that of this pause.
    const from = seen.status === 'paused' ? (['paused'] as const) : (['active'] as const);
    const outcome = await moveSubscription(id, { status: 'paused', from, at, pausedUntil: until ?? latest, pausedSince }, parts);
    const raced = outcome.kind === 'refused' && (outcome.status === 'active' || outcome.status === 'paused');
    if (!raced || looks === mostLooks) return outcome;
  }
}

/** One that was paused before beginnings were kept counts from its last change. */
function sinceOf({ pausedSince, updatedAt }: Subscription): Date {
  return new Date(pausedSince ?? updatedAt);
}

function tooLong(latest: Date): string {
  return `can be ${latest.toISOString()} at most, seven days after this pause began; resume it, and what waits is sent`;
}
