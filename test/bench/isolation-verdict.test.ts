import { describe, expect, it } from 'vitest';
import { judged, type Latencies } from '../../bench/isolation-verdict.ts';

/** Rounds of a hundred latencies each, all 10 ms beside nobody, and of so many ms beside the bad two. */
function rounds(...besideMs: readonly number[]) {
  let round = 0;
  return ({ without, beside }: Latencies): Promise<void> => {
    const ms = besideMs[round] ?? Number.NaN;
    round += 1;
    without.push(...Array.from({ length: 100 }, () => 10));
    beside.push(...Array.from({ length: 100 }, () => ms));
    return Promise.resolve();
  };
}

describe('the verdict on isolation', () => {
  it('is that of the one round that is within the promise', async () => {
    expect(await judged(rounds(15))).toEqual({ kind: 'good', ratio: 1.5, rounds: 1 });
  });

  it('does not forget a bad round for the good one after it', async () => {
    expect(await judged(rounds(40, 10))).toEqual({ kind: 'bad', ratio: 4, rounds: 2 });
  });

  it('ends after two rounds', async () => {
    expect(await judged(rounds(40, 50, 10))).toEqual({ kind: 'bad', ratio: 5, rounds: 2 });
  });

  it('is none where the eight by themselves were slow, for the machine was', async () => {
    const busy = ({ without, beside }: Latencies): Promise<void> => {
      without.push(...Array.from({ length: 100 }, () => 20_000));
      beside.push(...Array.from({ length: 100 }, () => 20_000));
      return Promise.resolve();
    };
    expect(await judged(busy)).toEqual({ kind: 'too-busy', ratio: 1, rounds: 1 });
  });
});
