import { cpus, loadavg } from 'node:os';
import type { Bench } from './bench.ts';
import type { PhaseLoad } from './isolation-load.ts';
import { runPhase, type Phase } from './isolation-phase.ts';
import { judged, maxBaseMs, maxRatio, type Judged, type Latencies } from './isolation-verdict.ts';
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
    console.log(
      `${load.perSecond} changes a second for ${load.seconds} s in each of ${turns * 2} phases, every second one the same person's next; from hook request to webhook`,
    );
    console.log(`Node ${process.version}, ${cpus().length} CPUs\n`);
    const { kind, rounds } = await judged((latencies) => measure(load, latencies));
    const of = rounds === 1 ? '' : `, all ${rounds} rounds taken together`;
    console.log(verdicts[kind] + of);
    if (kind !== 'good') process.exitCode = 1;
  },
};

const verdicts: Readonly<Record<Judged['kind'], string>> = {
  good: `good: within ${maxRatio} times`,
  bad: `BAD: above ${maxRatio} times`,
  'too-busy': `NOTHING TO TELL: the p99 of the eight by themselves is above ${maxBaseMs} ms, so this machine is busy with something else`,
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

function shown(name: string, { arrivals, failed, slow }: Phase): readonly number[] {
  const { latenciesMs, nextLatenciesMs, repeats } = arrivals;
  const of = (values: readonly number[], share: number): string => quantile(values, share).toFixed(0).padStart(6);
  const next = nextLatenciesMs.length === 0 ? '' : `   ${nextLatenciesMs.length} behind another p99${of(nextLatenciesMs, 0.99)} ms`;
  const bad = failed + slow === 0 ? '' : `   requests to the failing one ${failed}, to the slow one ${slow}`;
  const bases = `of ${latenciesMs.length} changes at subscribers, ${repeats} repeated`;
  const load = (loadavg()[0] ?? 0).toFixed(1);
  const all = `p50${of(latenciesMs, 0.5)} ms   p99${of(latenciesMs, 0.99)} ms   max${of(latenciesMs, 1)} ms`;
  console.log(`${name.padEnd(16)}${all}   ${bases}${next}   load ${load}${bad}`);
  return latenciesMs;
}
