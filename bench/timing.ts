import { quantile } from './statistics.ts';
import type { Bench } from './bench.ts';
import { leakOf, type Leak } from './timing-leak.ts';
import type { Pair } from './timing-pair.ts';
import { timingGroups } from './timing-pairs.ts';
import { takeSamples } from './timing-samples.ts';

/** Of each guess, when the caller does not say. */
const defaultSamples = 50_000;
/**
 * Known and unknown orgs are not the same instructions. What they differ by has to drown in the way here: a refusal is held to steps of
 * 25 ms, and API Gateway's own time varies by milliseconds.
 */
const maxDifferenceNs = 20_000;

/**
 * Does the time that a refusal takes tell anything? Pairs of wrong guesses are compared. Each group of pairs has a planted one: the same code, and
 * once a comparison that stops at the first byte that differs. It must be found out, or else the group says nothing. Keys are at hand, as in a warm
 * environment, and the step of a refusal is left out. This is a statistic on a machine that others use too: it belongs here, not among the tests.
 */
export const timing: Bench = {
  name: 'timing',
  about: `whether the time of a refusal tells what was wrong; samples of each guess may follow (${defaultSamples})`,
  async run([given]) {
    const samples = given === undefined ? defaultSamples : Number(given);
    if (!Number.isInteger(samples) || samples < 1_000) throw new Error('The number of samples is a whole number from 1000');
    console.log(`${samples} samples of each guess; difference with its 95 % interval, the largest |t| of five crops (a leak from 4.5)\n`);
    for (const { name, pairs } of await timingGroups()) {
      console.log(name);
      const measured: Measured[] = [];
      for (const pair of pairs) measured.push(await measure(pair, samples));
      const isBlind = measured.some(({ pair, leak }) => pair.kind === 'planted' && !leak.isSeen);
      const isNoisy = measured.some(({ pair, leak }) => pair.kind === 'null' && leak.isSeen);
      for (const one of measured) show(one, isBlind || isNoisy);
      if (isBlind) console.log('  BLIND: the planted comparison was not found out, so this group says nothing. Take more samples.');
      if (isNoisy) console.log('  NOISY: what must be equal was told apart, so what else is told apart here says nothing.');
      if (isBlind || measured.some((one) => !isGood(one))) process.exitCode = 1;
    }
  },
};

interface Measured {
  readonly pair: Pair;
  readonly leak: Leak & { readonly medianNs: number };
}

/** What is not as it should be is measured once more, with twice the samples, before it counts: a true leak, or a planted one, is seen all the better. */
async function measure(pair: Pair, samples: number): Promise<Measured> {
  const count = Math.ceil(samples * (pair.share ?? 1));
  const first = { pair, leak: await measureOnce(pair, count) };
  return isGood(first) ? first : { pair, leak: await measureOnce(pair, 2 * count) };
}

async function measureOnce({ guesses }: Pair, count: number): Promise<Measured['leak']> {
  const times = await takeSamples(guesses, count);
  return { ...leakOf(times, Math.random), medianNs: quantile([...times[0]], 0.5) };
}

function isGood({ pair, leak }: Measured): boolean {
  if (pair.kind === 'planted') return leak.isSeen;
  return pair.kind === 'alike' ? Math.max(...leak.intervalNs.map(Math.abs)) <= maxDifferenceNs : !leak.isSeen;
}

function show(one: Measured, saysNothing: boolean): void {
  const { pair, leak } = one;
  const verdict = saysNothing && pair.kind === 'place' ? '?   ' : isGood(one) ? 'good' : 'BAD ';
  const [from, to] = leak.intervalNs.map((ns) => ns.toFixed(0));
  const difference = `${leak.differenceNs.toFixed(0)} ns [${from}, ${to}] of ${(leak.medianNs / 1_000).toFixed(1)} µs`;
  console.log(`  ${verdict}  ${pair.name.padEnd(52)}${difference.padEnd(40)}|t| = ${leak.maxT.toFixed(1)}`);
}
