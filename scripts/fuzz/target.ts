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
  /** Longest that one input may take, for each `maxInputBytes` that it has or begins. */
  readonly limitMs: number;
  /** What its door takes, where that is more than `maxInputBytes`: some of its inputs are as large. JSON only. */
  readonly largestBytes?: number;
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

/** Nearly all inputs: larger ones mostly repeat what smaller ones say, more slowly. */
export const maxInputBytes = 64 * 1024;

/** How long an input may take: as long for each part of a large one as for a small one. */
export function limitFor({ limitMs }: Pick<Target, 'limitMs'>, input: Uint8Array): number {
  return limitMs * Math.max(1, Math.ceil(input.byteLength / maxInputBytes));
}

/** SQS takes a body, and the topic a record, of a mebibyte. */
export const oneMebibyte = 1_048_576;
