import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { SuiteReport } from '../../test/support/suite-report.ts';
import type { PlannedSuite } from './plan.ts';

export interface SuiteOutcome {
  readonly name: string;
  readonly plannedFiles: readonly string[];
  readonly seconds: number;
  readonly exitCode: number | null;
  /** Absent when vitest ended without writing one. */
  readonly report: SuiteReport | undefined;
}

export interface SuiteRun {
  readonly root: string;
  /** Folder for the report. */
  readonly scratch: string;
  readonly filter: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/** Runs one suite in a vitest of its own, its output passed through. Never throws: what did not start has no report. */
export async function runSuite(planned: PlannedSuite, run: SuiteRun): Promise<SuiteOutcome> {
  const startedAtMs = performance.now();
  const reportFile = join(run.scratch, `${planned.suite.name}.json`);
  rmSync(reportFile, { force: true });
  const exitCode = await runVitest(['run', '--project', planned.suite.name, ...run.filter], {
    ...run,
    environment: { ...run.environment, RELAY_TEST_REPORT: reportFile },
  });
  return {
    name: planned.suite.name,
    plannedFiles: planned.files,
    seconds: (performance.now() - startedAtMs) / 1000,
    exitCode,
    report: readReport(reportFile),
  };
}

function runVitest(args: readonly string[], run: SuiteRun): Promise<number | null> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [join(run.root, 'node_modules/vitest/vitest.mjs'), ...args], {
      cwd: run.root,
      // Only the broker that this run started counts as there: one from the developer's shell may hold real changes.
      env: { ...process.env, KAFKA_BROKERS: undefined, ...run.environment },
      stdio: ['ignore', 'inherit', 'inherit'],
      signal: run.signal,
      killSignal: 'SIGTERM',
    });
    child.on('error', () => {
      resolve(null);
    });
    child.on('close', (code) => {
      resolve(code);
    });
  });
}

function readReport(file: string): SuiteReport | undefined {
  if (!existsSync(file)) return undefined;
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as SuiteReport;
  } catch {
    // Cut off in the middle: the run died while writing it, and a suite without a report has failed.
    return undefined;
  }
}
