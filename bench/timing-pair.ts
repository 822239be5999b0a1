import type { Guess } from './timing-samples.ts';

/** Two guesses whose times are compared. */
export interface Pair {
  readonly name: string;
  /**
   * `place`: the same work with other bytes; must not be told apart. `alike`: other work; may differ by little. `planted`: must be told apart.
   * `null`: as `place`, with nothing that anybody could learn; if it is told apart, so may be the others for no reason.
   */
  readonly kind: 'place' | 'alike' | 'planted' | 'null';
  readonly guesses: readonly [Guess, Guess];
  /** Of the samples; all of them by default. */
  readonly share?: number;
}
export interface PairGroup {
  readonly name: string;
  readonly pairs: readonly Pair[];
}
