import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** One look at the whole source: types, lint, format, imports. */
export interface CheckStage {
  readonly name: string;
  readonly about: string;
  /** Script below node_modules, run by this very Node: no shell, no other Node in between. */
  readonly script: string;
  readonly args: readonly string[];
}

export interface StageResult {
  readonly name: string;
  readonly passed: boolean;
  readonly seconds: number;
  readonly output: string;
}

const root = join(import.meta.dirname, '..');
/** Those of them that are there: dependency-cruiser refuses the name of a folder that is not. */
const sourceFolders = ['functions', 'lib', 'local', 'cli', 'infra', 'scripts', 'test', 'bench', 'examples'].filter((folder) =>
  existsSync(join(root, folder)),
);

export const checkStages: readonly CheckStage[] = [
  { name: 'types', about: 'tsc --noEmit', script: 'typescript/bin/tsc', args: ['--noEmit', '--pretty', 'false'] },
  { name: 'lint', about: 'eslint .', script: 'eslint/bin/eslint.js', args: ['.', '--max-warnings', '0'] },
  { name: 'format', about: 'prettier --check .', script: 'prettier/bin/prettier.cjs', args: ['--check', '.', '--log-level', 'warn'] },
  {
    name: 'imports',
    about: 'dependency-cruiser: who may import whom',
    script: 'dependency-cruiser/bin/dependency-cruise.mjs',
    args: ['--config', '.dependency-cruiser.mjs', ...sourceFolders],
  },
];

/** Never throws: a stage that cannot even start has failed, and says why in its output. */
export function runCheckStage(stage: CheckStage, signal?: AbortSignal): Promise<StageResult> {
  const startedAtMs = performance.now();
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [join(root, 'node_modules', stage.script), ...stage.args], {
      cwd: root,
      signal,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const collect = (chunk: Buffer): void => void (output += chunk.toString());
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    const end = (passed: boolean): void => {
      resolve({ name: stage.name, passed, seconds: (performance.now() - startedAtMs) / 1000, output: output.trim() });
    };
    child.on('error', (error) => {
      output += error.message;
      end(false);
    });
    child.on('close', (code) => {
      end(code === 0);
    });
  });
}

export function stageLine(stage: CheckStage, result: StageResult): string {
  return `  ${result.passed ? 'ok    ' : 'FAILED'} ${stage.name.padEnd(8)} ${stage.about}  (${result.seconds.toFixed(1)} s)`;
}

/** Two at a time, for two cores; each prints its line when it ends, and its output only when it failed. */
export async function runCheckStages(print: (line: string) => void, signal?: AbortSignal): Promise<StageResult[]> {
  const waiting = [...checkStages];
  const results: StageResult[] = [];
  const work = async (): Promise<void> => {
    for (let stage = waiting.shift(); stage !== undefined; stage = waiting.shift()) {
      const result = await runCheckStage(stage, signal);
      results.push(result);
      print(stageLine(stage, result));
      if (!result.passed) print(result.output.replaceAll(/^/gm, '         '));
    }
  };
  await Promise.all([work(), work()]);
  return results;
}
