import { retrySecondsProblem } from '../subscriptions/retry-seconds.ts';
import { retryAfterMs } from './retry-after.ts';
import type { Verdict } from './verdict.ts';

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

/**
 * Wait before the attempt with the same index, in milliseconds; the first is made at once. The schedule that Standard Webhooks 1.0
 * suggests, and that docs/subscribers.md promises: ten attempts in a little over three days.
 */
export const failureSchedule: readonly number[] = [
  0,
  5 * second,
  5 * minute,
  30 * minute,
  2 * hour,
  5 * hour,
  10 * hour,
  14 * hour,
  20 * hour,
  24 * hour,
];

/**
 * The schedule of a subscription, in milliseconds, from its own waits in seconds where it has any. Bounds are checked before they are stored, so waits
 * outside them are a bug or written by hand: they count as none, for a schedule without an end would send for ever.
 */
export function retryScheduleOf({ retrySeconds }: { readonly retrySeconds?: readonly number[] | undefined }): readonly number[] {
  if (retrySeconds === undefined || retrySecondsProblem(retrySeconds) !== undefined) return failureSchedule;
  return [0, ...retrySeconds.map((seconds) => seconds * second)];
}

/** After an answer that will hardly change: three attempts that end within 35 minutes, the time they take themselves included. */
export const refusalSchedule: readonly number[] = [0, 5 * minute, 29 * minute];

/** Longest wait that a `Retry-After` can bring about: the longest the schedule knows. */
const longestWaitMs = 24 * hour;

/** Part of a wait that chance decides, so that what failed together is not tried together. */
const jitterShare = 0.1;
/** No delivery waits longer for its next attempt, in milliseconds. */
export const longestRetryMs = longestWaitMs * (1 + jitterShare);

export type NextStep =
  | { readonly kind: 'delivered' }
  | { readonly kind: 'gone' }
  | { readonly kind: 'exhausted' }
  | { readonly kind: 'wait'; readonly waitMs: number };

export interface AttemptsSoFar {
  /** The one just made included. */
  readonly attempts: number;
  /** How many of them were refusals, the one just made included. */
  readonly refusals: number;
  readonly now: Date;
  /** In [0, 1). */
  readonly random: number;
  /** Of the subscription, from `retryScheduleOf`. */
  readonly schedule?: readonly number[];
}

/**
 * What follows an attempt. It is the last one when the schedule has no wait for another, whatever the verdicts before it were.
 * A wait is up to a tenth shorter than the schedule says. `Retry-After` can make it longer (then up to a tenth longer than
 * asked, never shorter) but not shorter: else a receiver that asks for one second would use up ten attempts in ten.
 * It is not looked at after a refusal, whose three attempts must end in time.
 */
export function nextStep(
  verdict: Verdict,
  { attempts, refusals, now, random, schedule: failures = failureSchedule }: AttemptsSoFar,
): NextStep {
  if (verdict.kind === 'accepted') return { kind: 'delivered' };
  if (verdict.kind === 'gone') return verdict;
  const [schedule, made] = verdict.kind === 'refused' ? [refusalSchedule, refusals] : [failures, attempts];
  const scheduledMs = schedule[made];
  if (scheduledMs === undefined || attempts >= failures.length) return { kind: 'exhausted' };

  const waitMs = Math.round(scheduledMs * (1 - jitterShare * random));
  if (verdict.kind === 'refused') return { kind: 'wait', waitMs };
  const askedMs = Math.min(retryAfterMs(verdict.retryAfter, now) ?? 0, longestWaitMs);
  return { kind: 'wait', waitMs: Math.max(waitMs, Math.round(askedMs * (1 + jitterShare * random))) };
}
