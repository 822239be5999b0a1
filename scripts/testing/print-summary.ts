import { existsSync, readFileSync } from 'node:fs';
import type { StageResult } from '../check-stages.ts';
import type { Judgement } from './judge.ts';
import type { SuiteOutcome } from './run-suite.ts';

/** Draws a frame around what must not be overlooked. */
export function boxed(lines: readonly string[]): string {
  const width = Math.max(...lines.map((line) => line.length));
  const rule = '#'.repeat(width + 4);
  return [rule, ...lines.map((line) => `# ${line.padEnd(width)} #`), rule].join('\n');
}

export function suiteTable(stages: readonly StageResult[], outcomes: readonly SuiteOutcome[]): string {
  const rows = outcomes.map(({ name, report, seconds }) => {
    const counts =
      report === undefined
        ? 'no report'
        : `${report.passed} passed, ${report.failed} failed, ${report.skipped} skipped in ${report.files.length} file${report.files.length === 1 ? '' : 's'}`;
    return `  ${name.padEnd(12)} ${counts}  (${seconds.toFixed(1)} s)`;
  });
  const checks = `  ${'checks'.padEnd(12)} ${stages.filter((stage) => stage.passed).length} passed, ${stages.filter((stage) => !stage.passed).length} failed`;
  return ['Suites:', ...(stages.length > 0 ? [checks] : []), ...rows].join('\n');
}

/** How many contract tests each implementation of each port passed. */
export function contractTable(outcomes: readonly SuiteOutcome[]): string {
  const totals = new Map<string, Map<string, number>>();
  for (const { report } of outcomes) {
    for (const [port, implementations] of Object.entries(report?.contracts ?? {})) {
      const row = totals.get(port) ?? new Map<string, number>();
      for (const [implementation, count] of Object.entries(implementations))
        row.set(implementation, (row.get(implementation) ?? 0) + count);
      totals.set(port, row);
    }
  }
  if (totals.size === 0) return 'Contract tests: none ran.';
  const rows = [...totals.entries()].sort().map(
    ([port, row]) =>
      `  ${port.padEnd(20)} ${[...row.entries()]
        .sort()
        .map(([name, count]) => `${name}: ${count}`)
        .join(', ')}`,
  );
  return ['Contract tests passed, by port and implementation:', ...rows].join('\n');
}

interface Reduction {
  readonly where: string;
  readonly full: number;
  readonly quick: number;
}

/** What RELAY_TEST_SCALE=full would have done more of. Workers append to the file; a place that asked twice is told once. */
export function reductions(notesFile: string): string {
  if (!existsSync(notesFile)) return 'Nothing was scaled down.';
  const notes = readFileSync(notesFile, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Reduction);
  const lines = new Set(
    notes.sort((a, b) => a.where.localeCompare(b.where)).map(({ where, full, quick }) => `  ${where}: ${quick} instead of ${full}`),
  );
  return ['Scaled down (RELAY_TEST_SCALE=full runs all of it):', ...lines].join('\n');
}

/** Every failed test once more, with the beginning of what it said, so that the end of a long output tells what broke; empty without any. */
export function failedTests(outcomes: readonly SuiteOutcome[]): string {
  const lines = outcomes.flatMap(({ name, report }) =>
    (report?.failures ?? []).flatMap(({ test, file, errors }) => [
      `  ${name}: ${file} > ${test}`,
      ...(errors.length > 0 ? errors : ['did not finish']).flatMap((error) => error.split('\n').map((line) => `    ${line}`)),
    ]),
  );
  return lines.length === 0 ? '' : ['Failed tests:', ...lines].join('\n');
}

/** Why tests were skipped and what failed besides tests; empty when there is nothing of either. */
export function verdicts({ problems, skipsByReason }: Judgement): string {
  const skips = Object.entries(skipsByReason).map(([reason, count]) => `  ${count}: ${reason}`);
  const failures = problems.map((problem) => `  ${problem}`);
  return [...(skips.length > 0 ? ['Skipped, and why:', ...skips] : []), ...(failures.length > 0 ? ['Also failed:', ...failures] : [])].join(
    '\n',
  );
}
