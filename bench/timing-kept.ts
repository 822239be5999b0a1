import type { Pair } from './timing-pair.ts';
import type { Guess } from './timing-samples.ts';

/**
 * One guess, taken against one thing kept or another, which is put in its place right before. Nothing else differs: two orgs would be two
 * objects in memory as well, and their places there alone can take nanoseconds.
 */
export function keptIn<Kept>(place: Kept[], kept: readonly [Kept, Kept], guess: Guess): Pair['guesses'] {
  const against = (one: Kept): Guess => {
    return () => {
      place[0] = one;
      return guess();
    };
  };
  return [against(kept[0]), against(kept[1])];
}
