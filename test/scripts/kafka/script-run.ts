import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, chmodSync, constants, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const main = join(import.meta.dirname, '../../../scripts/kafka/main.ts');
const patienceMs = 100_000;

export interface ScriptRun {
  /** Everything it printed so far, standard output and error. */
  output(): string;
  /** Resolves with the match once it printed it. @throws Error with its output when it ended before that */
  printed(pattern: RegExp): Promise<RegExpExecArray>;
  /** To the script alone, or to all its processes, as Ctrl-C in a terminal sends it. Answers how it ended, and after how long. */
  end(signal: 'SIGINT' | 'SIGTERM', to?: 'script' | 'terminal'): Promise<{ exitCode: number | null; tookMs: number }>;
  /** Resolves with the exit code, when it ends by itself. */
  readonly ended: Promise<number | null>;
  /** Leaves nothing of it behind, whatever the test found out. */
  kill(): Promise<void>;
}

/** What `npm run kafka` runs, as a process of its own that leads its own group, as a job of a terminal does. */
export function startScript(args: readonly string[], options: { path?: string } = {}): ScriptRun {
  const env = { ...process.env, PATH: options.path ?? process.env['PATH'] };
  const child = spawn(process.execPath, [main, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const ended = once(child, 'close').then(([code]) => code as number | null);
  return {
    output: () => output,
    ended,
    async printed(pattern) {
      const state = { over: false };
      void ended.then(() => (state.over = true));
      for (const endsAtMs = performance.now() + patienceMs; performance.now() < endsAtMs && !state.over; await delay(20)) {
        const match = pattern.exec(output);
        if (match !== null) return match;
      }
      throw new Error(`it did not print ${String(pattern)}:\n${output}`);
    },
    async end(signal, to = 'script') {
      const startedAtMs = performance.now();
      process.kill((child.pid ?? NaN) * (to === 'terminal' ? -1 : 1), signal);
      return { exitCode: await ended, tookMs: performance.now() - startedAtMs };
    },
    async kill() {
      try {
        process.kill(-(child.pid ?? NaN), 'SIGKILL');
      } catch {
        // Its group is empty: it ended, and so did all that it had started.
      }
      await ended;
    },
  };
}

/** Programs that run now and have this text among their arguments, without the script itself. */
export function programsNaming(text: string): string[] {
  return execFileSync('ps', ['-A', '-ww', '-o', 'args='], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line.includes(text) && !line.includes(main));
}

/** A folder for one test. */
export function scratch(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'relay-npm-run-kafka-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** A PATH on which there is this machine's java and, if given, an `mvn` that is this shell script; nothing else. */
export function pathWithJava(folder: string, mvn?: string): string {
  mkdirSync(folder, { recursive: true });
  symlinkSync(programOnPath('java'), join(folder, 'java'));
  if (mvn === undefined) return folder;
  const script = join(folder, 'mvn');
  writeFileSync(script, `#!/bin/sh\nPATH=/usr/bin:/bin\n${mvn}\n`);
  chmodSync(script, 0o755);
  return folder;
}

function programOnPath(name: string): string {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return join(folder, name);
    } catch {
      // Not in this folder; the next one is asked.
    }
  }
  throw new Error(`no ${name} in the PATH`);
}
