import { quantile } from './statistics.ts';

/** The promise: so many times the p99 of a run without the bad two. */
export const maxRatio = 1.5;
/** Of measuring. */
const maxRounds = 2;

/** In milliseconds. */
export interface Latencies {
  readonly without: number[];
  readonly beside: number[];
}

/**
 * The ratio of one round, or, where that is above the promise, of two together: a round that looked bad counts as much as the one after it.
 * @param measureRound adds its latencies to those before
 */
export async function judged(measureRound: (latencies: Latencies) => Promise<void>): Promise<{ ratio: number; rounds: number }> {
  const latencies: Latencies = { without: [], beside: [] };
  for (let rounds = 1; ; rounds += 1) {
    await measureRound(latencies);
    const ratio = ratioOf(latencies);
    if (ratio <= maxRatio || rounds === maxRounds) return { ratio, rounds };
    console.log(`\n${ratio.toFixed(2)} is above ${maxRatio}: measured once more, and taken together\n`);
  }
}

/** The p99 beside the bad two as a multiple of the p99 without them. */
function ratioOf({ without, beside }: Latencies): number {
  const [base, p99] = [quantile(without, 0.99), quantile(beside, 0.99)];
  const ratio = p99 / base;
  console.log(`\np99 of the eight ${base.toFixed(0)} ms, beside the bad two ${p99.toFixed(0)} ms: ${ratio.toFixed(2)} times`);
  return ratio;
}
