import { readFileSync } from 'node:fs';
import { heapInUse, peakRssBytes } from './fuzz/heap.ts';
import { makeInput } from './fuzz/make-input.ts';
import { readOptions, usage, type FuzzOptions } from './fuzz/options.ts';
import { PollutionWatch } from './fuzz/pollution.ts';
import { keepFailures, reportText } from './fuzz/print-report.ts';
import { runFuzz } from './fuzz/run-fuzz.ts';
import type { Target } from './fuzz/target.ts';
import { startTargets } from './fuzz/targets.ts';
import { tryInput } from './fuzz/try-input.ts';
import { Watchdog } from './fuzz/watchdog.ts';

const failuresFolder = '.relay/fuzz';
/** What a run may keep when it is over: compiled patterns and caches, no more however many inputs there were. */
const maxHeapGrowthBytes = 64 * 1_048_576;
/** All of it at any time; an input has 64 KiB, and seldom as much as its door takes. `npm run fuzz` bounds the heap far below: what V8 has not yet collected must not count as an input's. */
const maxRssBytes = 1_024 * 1_048_576;

const all = await startTargets();
const answer = readOptions(
  process.argv.slice(2),
  all.map(({ name }) => name),
  Date.now(),
);
if (answer.kind === 'help') console.log(usage);
if (answer.kind === 'refused') {
  console.error([...answer.problems, '', usage].join('\n'));
  process.exitCode = 2;
}
if (answer.kind === 'options') {
  const { options } = answer;
  const targets = all.filter(({ name }) => options.targets.length === 0 || options.targets.includes(name));
  const isOne = options.index !== undefined || options.input !== undefined;
  process.exitCode = isOne ? await oneInput(targets, options) : await manyInputs(targets, options);
}
for (const target of all) await target.close?.();

async function oneInput([target]: readonly Target[], { seed, index, input }: FuzzOptions): Promise<number> {
  if (target === undefined) return 2;
  const bytes = input === undefined ? makeInput(target, seed, index ?? 0) : readFileSync(input);
  console.log(JSON.stringify(Buffer.from(bytes).toString('latin1')));
  const tried = await tryInput(target, bytes, { watch: new PollutionWatch() });
  console.log(tried);
  return tried.kind === 'ended' ? 0 : 1;
}

async function manyInputs(targets: readonly Target[], { seed, minutes, inputs }: FuzzOptions): Promise<number> {
  const names = targets.map(({ name }) => name);
  console.log(`seed ${seed}: ${names.join(', ')}`);
  const watchdog = new Watchdog(names, seed);
  const heapBefore = heapInUse();
  const startMs = performance.now();
  const endMs = startMs + (minutes ?? Infinity) * 60_000;
  const reports = await runFuzz({
    targets,
    seed,
    goesOn: (done) => done < (inputs ?? Infinity) && performance.now() < endMs,
    onInput: (name, index) => watchdog.at(names.indexOf(name), index),
  });
  const tookMs = performance.now() - startMs;
  await watchdog.close();
  const totals = { seed, tookMs, heapGrowthBytes: Math.max(0, heapInUse() - heapBefore), peakRssBytes: peakRssBytes() };
  console.log(reportText(reports, totals));
  const problems = [
    keepFailures(reports, seed, failuresFolder),
    totals.heapGrowthBytes > maxHeapGrowthBytes ? 'memory: something is kept from input to input' : '',
    totals.peakRssBytes > maxRssBytes ? 'memory: an input made the process grow past its bound' : '',
  ].filter((problem) => problem !== '');
  for (const problem of problems) console.error(problem);
  return problems.length === 0 ? 0 : 1;
}
