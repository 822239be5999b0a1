import { makeInput } from './make-input.ts';
import { minimise } from './minimise.ts';
import { PollutionWatch } from './pollution.ts';
import { limitFor, type Target } from './target.ts';
import { tryInput, type Tried } from './try-input.ts';

export interface Failure {
  readonly target: string;
  readonly index: number;
  readonly fault: Extract<Tried, { kind: 'failed' }>['fault'];
  readonly detail: string;
  readonly input: Uint8Array;
  readonly minimised: Uint8Array;
}

export interface TargetReport {
  readonly name: string;
  inputs: number;
  readonly outcomes: Map<string, number>;
  slowest: { ms: number; index: number };
  readonly failures: Failure[];
}

export interface Running {
  readonly targets: readonly Target[];
  readonly seed: number;
  /** Whether to go on, asked before each input with the number of inputs so far. */
  readonly goesOn: (inputs: number) => boolean;
  /** Told before each input and each piece of one, for whoever watches that it comes back. */
  readonly onInput?: ((target: string, index: number) => void) | undefined;
}

/** A target that fails this often has said enough. */
const maxFailures = 10;

/** Feeds the targets in turns, each by its weight, one input at a time. */
export async function runFuzz({ targets, seed, goesOn, onInput }: Running): Promise<TargetReport[]> {
  const reports = targets.map((target) => ({
    target,
    report: { name: target.name, inputs: 0, outcomes: new Map<string, number>(), slowest: { ms: 0, index: 0 }, failures: [] as Failure[] },
  }));
  const watch = new PollutionWatch();
  let inputs = 0;
  for (let isOver = false; !isOver;) {
    const before = inputs;
    for (const { target, report } of reports) {
      for (let share = 0; share < target.weight && !isOver && report.failures.length < maxFailures; share += 1) {
        isOver = !goesOn(inputs);
        if (isOver) break;
        await oneInput(target, report, { seed, watch, onInput });
        inputs += 1;
      }
    }
    // Every target has given up.
    if (inputs === before) isOver = true;
  }
  return reports.map(({ report }) => report);
}

interface Round extends Pick<Running, 'seed' | 'onInput'> {
  readonly watch: PollutionWatch;
}

async function oneInput(target: Target, report: TargetReport, { seed, watch, onInput }: Round): Promise<void> {
  const index = report.inputs;
  onInput?.(target.name, index);
  report.inputs += 1;
  const input = makeInput(target, seed, index);
  const tried = await tryInput(target, input, { watch, doubtMs: Math.min(limitFor(target, input), Math.max(1, report.slowest.ms)) });
  if (tried.kind === 'ended') {
    report.outcomes.set(tried.outcome, (report.outcomes.get(tried.outcome) ?? 0) + 1);
    if (tried.tookMs > report.slowest.ms) report.slowest = { ms: tried.tookMs, index };
    return;
  }
  const { fault, detail } = tried;
  const failsAlike = async (candidate: Uint8Array): Promise<boolean> => {
    onInput?.(target.name, index);
    const again = await tryInput(target, candidate, { watch });
    return again.kind === 'failed' && again.fault === fault;
  };
  report.failures.push({ target: target.name, index, fault, detail, input, minimised: await minimise(input, failsAlike) });
}
