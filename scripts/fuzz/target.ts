/** Where bytes of others come in: what is fed with them, and how that may end. */
export interface Target {
  readonly name: string;
  /** Whose bytes these are. */
  readonly about: string;
  readonly shape: 'json' | 'text';
  /** Real inputs, to begin from. */
  readonly seeds: readonly Uint8Array[];
  /** Words of the language, for mutation. */
  readonly words: readonly string[];
  /** Its share of a run. */
  readonly weight: number;
  /** Every way an input may end. */
  readonly outcomes: readonly string[];
  /** Longest that one input may take. */
  readonly limitMs: number;
  /**
   * Feeds one input and says how it ended. Whatever it throws is a failure: an error the code is not documented to throw, or a
   * {@link Broken} promise.
   */
  run(input: Uint8Array): string | Promise<string>;
  close?(): Promise<void>;
}

/** Something that the code promises was found not to hold. */
export class Broken extends Error {
  override readonly name = 'Broken';
}

export function hold(condition: boolean, promise: string): asserts condition {
  if (!condition) throw new Broken(promise);
}

/** Flagged when an input takes longer. The slowest honest one takes a few milliseconds. */
export const defaultLimitMs = 50;

/** Larger inputs only repeat what smaller ones say, more slowly. Limits of parsers that are above are tested by hand. */
export const maxInputBytes = 64 * 1024;
