import { quantile } from './statistics.ts';

/** The promise: so many times the p99 of a run without the bad two. */
export const maxRatio = 1.5;
/**
 * The eight by themselves take a few hundred milliseconds at most. Where they take longer the machine does other work, and a ratio of two waits for it
 * says nothing of neighbours.
 */
export const maxBaseMs = 1_000;
/** Of measuring. */
const maxRounds = 2;

/** In milliseconds. */
export interface Latencies {
  readonly without: number[];
  readonly beside: number[];
}

export interface Judged {
  readonly kind: 'good' | 'bad' | 'too-busy';
  readonly ratio: number;
  readonly rounds: number;
}

/**
 * The ratio of one round, or, where that is above the promise, of two together: a round that looked bad counts as much as the one after it.
 * `too-busy`: the eight by themselves were slower than `maxBaseMs`, whatever the ratio.
 * @param measureRound adds its latencies to those before
 */
export async function judged(measureRound: (latencies: Latencies) => Promise<void>): Promise<Judged> {
  const latencies: Latencies = { without: [], beside: [] };
  for (let rounds = 1; ; rounds += 1) {
    await measureRound(latencies);
    const { ratio, baseMs } = compared(latencies);
    if (baseMs > maxBaseMs) return { kind: 'too-busy', ratio, rounds };
    if (ratio <= maxRatio || rounds === maxRounds) return { kind: ratio <= maxRatio ? 'good' : 'bad', ratio, rounds };
    console.log(`\n${ratio.toFixed(2)} is above ${maxRatio}: measured once more, and taken together\n`);
  }
}

/** The p99 without the bad two, and the p99 beside them as a multiple of it. */
function compared({ without, beside }: Latencies): { baseMs: number; ratio: number } {
  const [baseMs, p99] = [quantile(without, 0.99), quantile(beside, 0.99)];
  const ratio = p99 / baseMs;
  console.log(
    `\np99 of the eight ${baseMs.toFixed(0)} ms (of ${without.length}), beside the bad two ${p99.toFixed(0)} ms (of ${beside.length}): ${ratio.toFixed(2)} times`,
  );
  return { baseMs, ratio };
}
