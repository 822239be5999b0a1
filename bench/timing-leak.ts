import type { Samples } from './timing-samples.ts';

/** The usual bound of leakage tests: by chance a t of one crop is beyond it once in 150,000. */
const maxT = 4.5;
/**
 * Pauses of the machine are no property of what is timed, and hide what is. How much of the slow end they are nobody knows beforehand, so several shares
 * are kept in turn. The way of dudect (Reparaz, Balasch, Verbauwhede: "Dude, is my code constant time?", 2017).
 */
const keptShares = [0.5, 0.75, 0.9, 0.97, 1];
/** Of each side by itself: a common border would make a difference look smaller than it is. */
const toldShare = 0.9;
const blocks = 200;
const resamples = 2_000;

export interface Leak {
  /** The largest of the crops, without its sign. */
  readonly maxT: number;
  /** Of the means, the second from the first, without the slowest tenth. */
  readonly differenceNs: number;
  /** Where that is with 95 %, by a bootstrap of blocks: samples that were taken one after the other resemble each other. */
  readonly intervalNs: readonly [number, number];
  readonly isSeen: boolean;
}

/** Whether two sets of times can be told apart. `random` from 0 to below 1. */
export function leakOf(samples: Samples, random: () => number): Leak {
  const sorted = Float64Array.from([...samples[0], ...samples[1]]).sort();
  // One border for both sides: one for each would cut away what differs in the slow end alone.
  const border = (share: number): number => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Infinity;
  const largest = Math.max(...keptShares.map((share) => Math.abs(welch(samples, border(share)))));
  const sums = blockSums(samples);
  const differences = Float64Array.from({ length: resamples }, () =>
    differenceOf(sums.map(() => sums[Math.floor(random() * sums.length)] ?? empty)),
  ).sort();
  const at = (share: number): number => differences[Math.floor(share * (resamples - 1))] ?? 0;
  return { maxT: largest, differenceNs: differenceOf(sums), intervalNs: [at(0.025), at(0.975)], isSeen: largest > maxT };
}

/** Welch's t of what is not above the border. */
function welch(samples: Samples, border: number): number {
  const [a, b] = samples.map((times) => moments(times, border)) as [Moments, Moments];
  const error = Math.sqrt(a.variance / a.count + b.variance / b.count);
  return error === 0 ? 0 : (a.mean - b.mean) / error;
}

interface Moments {
  readonly mean: number;
  readonly variance: number;
  readonly count: number;
}

function moments(times: Float64Array, border: number): Moments {
  const kept = times.filter((time) => time <= border);
  const mean = kept.reduce((sum, time) => sum + time, 0) / kept.length;
  const variance = kept.reduce((sum, time) => sum + (time - mean) ** 2, 0) / (kept.length - 1);
  return { mean, variance, count: kept.length };
}

interface BlockSums {
  readonly sums: readonly [number, number];
  readonly counts: readonly [number, number];
}
const empty: BlockSums = { sums: [0, 0], counts: [0, 0] };

function blockSums(samples: Samples): BlockSums[] {
  const length = Math.ceil(samples[0].length / blocks);
  return Array.from({ length: Math.ceil(samples[0].length / length) }, (_, block) => {
    const kept = samples.map((times) => {
      const sorted = times.slice(block * length, (block + 1) * length).sort();
      return sorted.subarray(0, Math.ceil(toldShare * sorted.length));
    });
    const sums = kept.map((times) => times.reduce((sum, time) => sum + time, 0));
    return { sums: sums as [number, number], counts: kept.map((times) => times.length) as [number, number] };
  });
}

function differenceOf(sums: readonly BlockSums[]): number {
  const mean = (side: 0 | 1): number => {
    const total = sums.reduce((sum, block) => sum + block.sums[side], 0);
    return total / sums.reduce((sum, block) => sum + block.counts[side], 0);
  };
  return mean(1) - mean(0);
}
