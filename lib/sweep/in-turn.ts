import type { SweepParts } from './sweep-parts.ts';

/** Of the way round, from one run's first to the next: the golden section, whose multiples are spread evenly however many of them there are. */
const share = (Math.sqrt(5) - 1) / 2;

/**
 * The same in the same order, another one first in each run: or where the time does not do for all, it might always be used up before the last. Where it
 * does for a tenth of them, twenty runs in a row come to each; where it does for one, twice as many runs as there are.
 */
export function inTurn<T>(all: readonly T[], { now, intervalMs }: Pick<SweepParts, 'now' | 'intervalMs'>): readonly T[] {
  const run = Math.floor(now().getTime() / intervalMs);
  const first = Math.floor(((run * share) % 1) * all.length);
  return [...all.slice(first), ...all.slice(0, first)];
}
