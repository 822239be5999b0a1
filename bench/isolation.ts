import { cpus, loadavg } from 'node:os';
import type { Bench } from './bench.ts';
import { runPhase, type Phase, type PhaseLoad } from './isolation-phase.ts';
import { quantile } from './statistics.ts';

const standard: PhaseLoad = { seconds: 60, perSecond: 2 };
/** Each kind of phase; they take turns, so that a slow minute of the machine hits both. */
const turns = 2;
/** The promise: so many times the p99 of a run without the bad two. */
const maxRatio = 1.5;

/**
 * Ten subscribers of one relay, one of which fails and one takes 14 s to answer: what do the other eight feel of it? Their p99 is compared with that of
 * runs in which there are only the eight. A ratio above the promise is measured once more, from the start, before it counts.
 */
export const isolation: Bench = {
  name: 'isolation',
  about: "eight subscribers' p99 beside a failing and a slow one; takes seconds per phase (60) and changes per second (2)",
  async run([secondsText, perSecondText]) {
    const load = { seconds: wholeNumber(secondsText, standard.seconds), perSecond: wholeNumber(perSecondText, standard.perSecond) };
    console.log(`${load.perSecond} changes a second for ${load.seconds} s in each of ${turns * 2} phases; from hook request to webhook`);
    console.log(`Node ${process.version}, ${cpus().length} CPUs\n`);
    const first = await measure(load);
    const ratio = first <= maxRatio ? first : await again(load, first);
    console.log(ratio <= maxRatio ? `good: within ${maxRatio} times` : `BAD: above ${maxRatio} times`);
    if (ratio > maxRatio) process.exitCode = 1;
  },
};

function wholeNumber(text: string | undefined, otherwise: number): number {
  const number = text === undefined ? otherwise : Number(text);
  if (!Number.isInteger(number) || number < 1) throw new Error('seconds and changes per second are whole numbers above 0');
  return number;
}

async function again(load: PhaseLoad, ratio: number): Promise<number> {
  console.log(`\n${ratio.toFixed(2)} is above ${maxRatio}: measured once more\n`);
  return measure(load);
}

/** Answers the p99 beside the bad two as a multiple of the p99 without them. */
async function measure(load: PhaseLoad): Promise<number> {
  const [without, beside]: [number[], number[]] = [[], []];
  for (let turn = 0; turn < turns; turn += 1) {
    without.push(...shown('the eight', await runPhase(load, false)));
    beside.push(...shown('beside bad two', await runPhase(load, true)));
  }
  const [base, p99] = [quantile(without, 0.99), quantile(beside, 0.99)];
  const ratio = p99 / base;
  console.log(`\np99 of the eight ${base.toFixed(0)} ms, beside the bad two ${p99.toFixed(0)} ms: ${ratio.toFixed(2)} times`);
  return ratio;
}

function shown(name: string, { latenciesMs, failed, slow }: Phase): readonly number[] {
  const at = (share: number): string => quantile(latenciesMs, share).toFixed(0).padStart(6);
  const bad = failed + slow === 0 ? '' : `   requests to the failing one ${failed}, to the slow one ${slow}`;
  const load = (loadavg()[0] ?? 0).toFixed(1);
  console.log(`${name.padEnd(16)}p50${at(0.5)} ms   p99${at(0.99)} ms   max${at(1)} ms   of ${latenciesMs.length}   load ${load}${bad}`);
  return latenciesMs;
}
