import { randomInt } from 'node:crypto';

export type Guess = () => Promise<unknown>;
/** Nanoseconds, in the order in which they were taken: the n-th of both sides were taken one after the other. */
export type Samples = readonly [Float64Array, Float64Array];

/** Times both guesses in turns, in an order that is drawn anew each time, so that whatever slows the machine meets both alike. */
export async function takeSamples(guesses: readonly [Guess, Guess], count: number): Promise<Samples> {
  const times = [new Float64Array(count), new Float64Array(count)] as const;
  // The first tenth warms the compiler up, and is not counted.
  for (let sample = -Math.ceil(count / 10); sample < count; sample += 1) {
    const first = randomInt(2) as 0 | 1;
    for (const side of [first, 1 - first] as (0 | 1)[]) {
      const startedAt = process.hrtime.bigint();
      await guesses[side]();
      const ns = Number(process.hrtime.bigint() - startedAt);
      if (sample >= 0) times[side][sample] = ns;
    }
  }
  return times;
}
