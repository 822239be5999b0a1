import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { functionSettings, type FunctionName } from '#lib/config/function-settings.ts';
import { variables } from '#lib/config/variables.ts';
import { bundleFunction } from '../scripts/bundles/bundle-function.ts';
import type { Bench } from './bench.ts';
import { quantile } from './statistics.ts';

interface Subject {
  readonly name: string;
  readonly file: string;
  readonly bytes: number;
  readonly environment: Readonly<Record<string, string>>;
}

const floorName = 'nothing';
const standardRuns = 20;

/** From the start of the process to a handler that is there: time origin is when the process began. */
const untilReady = `
  const { handler } = await import(process.argv[1]);
  if (typeof handler !== 'function') throw new Error('no handler');
  process.stdout.write(String(performance.now()), () => process.exit(0));
`;

/**
 * The cold start of each bundle, as far as it is ours: a new process imports it and has the handler. Lambda adds what it takes to get the
 * code and to start the environment; what remains is the same. The floor is an empty handler in the same run: it is Node's own start.
 * The subjects take turns, so that a slow moment of the machine hits all of them.
 */
export const cold: Bench = {
  name: 'cold',
  about: 'cold start of each bundle, from process start to handler; takes a number of runs',
  async run([runsText]) {
    const runs = runsText === undefined ? standardRuns : Number(runsText);
    if (!Number.isInteger(runs) || runs < 1) throw new Error('the number of runs must be a whole number above 0');
    const folder = mkdtempSync(join(tmpdir(), 'cold-'));
    try {
      const subjects = [floor(folder), ...(await bundles(folder))];
      const timesMs = new Map(subjects.map(({ name }) => [name, [] as number[]]));
      for (let run = 0; run < runs; run += 1) for (const subject of subjects) timesMs.get(subject.name)?.push(readyAfterMs(subject));
      console.log(`${runs} runs each, Node ${process.version}, ${process.arch}, ${cpus().length} CPUs (${cpus()[0]?.model ?? 'unknown'})`);
      console.log(table(subjects, timesMs));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

function floor(folder: string): Subject {
  const text = 'export const handler = async () => {};\n';
  const file = join(folder, floorName, 'index.mjs');
  mkdirSync(join(folder, floorName));
  writeFileSync(file, text);
  return { name: floorName, file, bytes: text.length, environment: {} };
}

async function bundles(folder: string): Promise<Subject[]> {
  const subjects: Subject[] = [];
  for (const name of Object.keys(functionSettings) as FunctionName[]) {
    const { file, bytes } = await bundleFunction(name, join(folder, name));
    const given = functionSettings[name].variables.map((variable) => [variable, variables[variable].example] as const);
    subjects.push({ name, file, bytes, environment: { ...Object.fromEntries(given), AWS_REGION: 'eu-central-1' } });
  }
  return subjects;
}

function readyAfterMs({ name, file, environment }: Subject): number {
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', untilReady, file], {
    encoding: 'utf8',
    // With the options that the stack sets.
    env: { ...environment, NODE_OPTIONS: '--enable-source-maps' },
  });
  const ms = Number(stdout);
  if (stdout === '' || Number.isNaN(ms)) throw new Error(`${name} did not get ready:\n${stderr}`);
  return ms;
}

function table(subjects: readonly Subject[], timesMs: ReadonlyMap<string, readonly number[]>): string {
  const timesOf = (name: string): readonly number[] => timesMs.get(name) ?? [];
  const floorMs = quantile(timesOf(floorName), 0.5);
  const row = (...cells: readonly string[]): string => cells.map((cell, at) => (at === 0 ? cell.padEnd(14) : cell.padStart(11))).join('');
  const rows = subjects.map(({ name, bytes }) => {
    const [median, p95] = [quantile(timesOf(name), 0.5), quantile(timesOf(name), 0.95)];
    return row(name, String(Math.round(bytes / 1_024)), median.toFixed(0), p95.toFixed(0), (median - floorMs).toFixed(0), (median / floorMs).toFixed(2)); // prettier-ignore
  });
  return [row('', 'KB', 'median ms', 'p95 ms', '+ ms', '× nothing'), ...rows].join('\n');
}
