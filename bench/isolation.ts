import { cpus, loadavg } from 'node:os';
import type { Bench } from './bench.ts';
import { runPhase, type Phase, type PhaseLoad } from './isolation-phase.ts';
import { judged, maxRatio, type Latencies } from './isolation-verdict.ts';
import { quantile } from './statistics.ts';

const standard: PhaseLoad = { seconds: 60, perSecond: 2 };
/** Each kind of phase; they take turns, so that a slow minute of the machine hits both. */
const turns = 2;

/**
 * Ten subscribers of one relay, one of which fails and one takes 14 s to answer: what do the other eight feel of it? Their p99 is compared with that of
 * runs in which there are only the eight. Where the ratio is above the promise everything is measured once more, and what counts is all of it together.
 */
export const isolation: Bench = {
  name: 'isolation',
  about: "eight subscribers' p99 beside a failing and a slow one; takes seconds per phase (60) and changes per second (2)",
  async run([secondsText, perSecondText]) {
    const load = { seconds: wholeNumber(secondsText, standard.seconds), perSecond: wholeNumber(perSecondText, standard.perSecond) };
    console.log(`${load.perSecond} changes a second for ${load.seconds} s in each of ${turns * 2} phases; from hook request to webhook`);
    console.log(`Node ${process.version}, ${cpus().length} CPUs\n`);
    const { ratio, rounds } = await judged((latencies) => measure(load, latencies));
    const of = rounds === 1 ? '' : `, all ${rounds} rounds taken together`;
    console.log(ratio <= maxRatio ? `good: within ${maxRatio} times${of}` : `BAD: above ${maxRatio} times${of}`);
    if (ratio > maxRatio) process.exitCode = 1;
  },
};

function wholeNumber(text: string | undefined, otherwise: number): number {
  const number = text === undefined ? otherwise : Number(text);
  if (!Number.isInteger(number) || number < 1) throw new Error('seconds and changes per second are whole numbers above 0');
  return number;
}

async function measure(load: PhaseLoad, { without, beside }: Latencies): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) {
    without.push(...shown('the eight', await runPhase(load, false)));
    beside.push(...shown('beside bad two', await runPhase(load, true)));
  }
}

function shown(name: string, { latenciesMs, failed, slow }: Phase): readonly number[] {
  const at = (share: number): string => quantile(latenciesMs, share).toFixed(0).padStart(6);
  const bad = failed + slow === 0 ? '' : `   requests to the failing one ${failed}, to the slow one ${slow}`;
  const load = (loadavg()[0] ?? 0).toFixed(1);
  console.log(`${name.padEnd(16)}p50${at(0.5)} ms   p99${at(0.99)} ms   max${at(1)} ms   of ${latenciesMs.length}   load ${load}${bad}`);
  return latenciesMs;
}
