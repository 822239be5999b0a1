import type { ParkedLane } from './lane-store.ts';

/**
 * Since when a lane without a token counts as due once a person has asked, at `at`, for it to be worked at once: since it was parked, or was due before.
 * Sweep takes those due longest first, and no more than limits let through: were it due at `at`, asking would put it behind all that are due already.
 */
export function dueWhenHastened({ dueAt, parkedAt }: Pick<ParkedLane, 'dueAt' | 'parkedAt'>, at: Date): Date {
  return new Date(Math.min(dueAt.getTime(), parkedAt.getTime(), at.getTime()));
}
