import type { Pair } from './timing-pair.ts';
import type { Guess } from './timing-samples.ts';

/** What must never be done: after the real work, a comparison that stops where the guess is wrong. Once, as a careless change would do it. */
export function plantedIn(guesses: Pair['guesses'], secret: string, given: readonly [string, string]): Pair['guesses'] {
  const right = Buffer.from(secret);
  const plant = (guess: Guess, text: string): Guess => {
    const bytes = Buffer.from(text);
    return async () => {
      await guess();
      let at = 0;
      while (at < right.length && right[at] === bytes[at]) at += 1;
      return at === right.length;
    };
  };
  return [plant(guesses[0], given[0]), plant(guesses[1], given[1])];
}
