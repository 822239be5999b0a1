import { randomInt } from 'node:crypto';

/** The usual bound of leakage tests: by chance it is passed once in 150,000. */
const maxT = 4.5;
/**
 * Known and unknown orgs are not the same instructions. What they differ by has to drown in the way here: a refusal is held to steps of
 * 25 ms, and API Gateway's own time varies by milliseconds.
 */
const maxDifferenceNs = 20_000;
/** Pauses of the machine are no property of what is timed: the slowest tenth is left out. */
const keptShare = 0.9;

export type Guess = () => Promise<unknown>;
export interface Pair {
  readonly name: string;
  /** `place`: the same work with other bytes, held to `maxT`. `alike`: other work, held to `maxDifferenceNs`. `control`: must be found out. */
  readonly kind: 'place' | 'alike' | 'control';
  readonly guesses: readonly [Guess, Guess];
}

export interface Leak {
  readonly meansNs: readonly [number, number];
  readonly t: number;
  readonly isGood: boolean;
}

/** Times the two guesses in turns, in random order, `samples` times each, and compares them by Welch's t-test. */
export async function leakOf({ kind, guesses }: Pair, samples: number): Promise<Leak> {
  const times: [number[], number[]] = [[], []];
  // The first tenth warms the compiler up, and is not counted.
  const warmUp = Math.ceil(samples / 10);
  for (let sample = 0; sample < warmUp + samples; sample += 1) {
    const side = randomInt(2) as 0 | 1;
    for (const which of [side, 1 - side] as (0 | 1)[]) {
      const startedAt = process.hrtime.bigint();
      await guesses[which]();
      if (sample >= warmUp) times[which].push(Number(process.hrtime.bigint() - startedAt));
    }
  }
  const [a, b] = times.map((side) => momentsOf(side)) as [Moments, Moments];
  const t = (a.mean - b.mean) / Math.sqrt(a.variance / a.count + b.variance / b.count);
  return { meansNs: [a.mean, b.mean], t, isGood: isGood(kind, t, a.mean - b.mean) };
}

function isGood(kind: Pair['kind'], t: number, differenceNs: number): boolean {
  if (kind === 'alike') return Math.abs(differenceNs) <= maxDifferenceNs;
  return kind === 'control' ? Math.abs(t) > maxT : Math.abs(t) <= maxT;
}

interface Moments {
  readonly mean: number;
  readonly variance: number;
  readonly count: number;
}

function momentsOf(times: readonly number[]): Moments {
  const kept = times.toSorted((one, other) => one - other).slice(0, Math.floor(times.length * keptShare));
  const mean = kept.reduce((sum, time) => sum + time, 0) / kept.length;
  const variance = kept.reduce((sum, time) => sum + (time - mean) ** 2, 0) / (kept.length - 1);
  return { mean, variance, count: kept.length };
}
