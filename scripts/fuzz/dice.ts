import { createHash } from 'node:crypto';
import { seededRandom } from '../../test/support/seeded-random.ts';

/** Choices that come out the same for the same name. */
export class Dice {
  readonly #next: () => number;

  constructor(name: string) {
    this.#next = seededRandom(createHash('sha256').update(name).digest().readUInt32LE(0));
  }

  /** A whole number from 0 to below `end`. */
  below(end: number): number {
    return Math.floor(this.#next() * end);
  }

  chance(probability: number): boolean {
    return this.#next() < probability;
  }

  /** One of them. @throws RangeError when there is none. */
  pick<T>(from: readonly T[]): T {
    const index = this.below(from.length);
    const found = from[index];
    // A list may hold undefined; an empty one holds nothing.
    if (found === undefined && index >= from.length) throw new RangeError('nothing to pick from');
    return found as T;
  }
}
