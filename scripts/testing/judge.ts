import type { Totals } from '../../test/support/closing-line.ts';
import type { StageResult } from '../check-stages.ts';
import type { SuiteOutcome } from './run-suite.ts';

export interface Judgement {
  readonly totals: Totals;
  /** Everything that failed besides tests and stages, in words. Each one is counted in `totals.failed`. */
  readonly problems: readonly string[];
  /** Skipped tests, grouped by the reason they gave. */
  readonly skipsByReason: Readonly<Record<string, number>>;
}

export interface RunFacts {
  readonly stages: readonly StageResult[];
  readonly outcomes: readonly SuiteOutcome[];
  /** Tests chosen by name: the others are not skips. */
  readonly byName: boolean;
  /** Why the Kafka suites did not run, as printed; undefined when they did. */
  readonly kafkaMissing: string | undefined;
  /** Faults found before anything ran. */
  readonly faults: readonly string[];
}

/** Adds everything up. What cannot be shown to have passed has failed. */
export function judge(facts: RunFacts): Judgement {
  const problems = [...facts.faults];
  const skipsByReason: Record<string, number> = {};
  let passed = facts.stages.filter((stage) => stage.passed).length;
  let failed = facts.stages.length - passed;
  let tests = 0;

  for (const outcome of facts.outcomes) {
    const { report } = outcome;
    if (report === undefined) {
      problems.push(`${outcome.name}: ended without a report (exit code ${String(outcome.exitCode)})`);
      continue;
    }
    passed += report.passed;
    failed += report.failed;
    tests += report.passed + report.failed;
    const own = suiteProblems(outcome, facts.byName);
    problems.push(...own);
    if (report.failed === 0 && own.length === 0 && outcome.exitCode !== 0)
      problems.push(`${outcome.name}: exit code ${String(outcome.exitCode)} although nothing failed`);
    const broken = new Set(report.brokenFiles.map(({ file }) => file));
    for (const skip of facts.byName ? [] : report.skips) {
      const reason = skip.reason ?? (isKafkaTest(skip) ? facts.kafkaMissing : undefined);
      if (reason === undefined && !broken.has(skip.file)) problems.push(`skipped without a reason: ${skip.file} > ${skip.test}`);
      else if (reason !== undefined) skipsByReason[reason] = (skipsByReason[reason] ?? 0) + 1;
    }
  }
  if (tests === 0) problems.push('no test ran at all');
  const skipped = Object.values(skipsByReason).reduce((sum, count) => sum + count, 0);
  return { totals: { passed, failed: failed + problems.length, skipped }, problems, skipsByReason };
}

function suiteProblems({ name, report, plannedFiles }: SuiteOutcome, byName: boolean): string[] {
  if (report === undefined) return [];
  const problems = report.brokenFiles.map(({ file, errors }) => `${name}: ${file} failed outside its tests${indented(errors)}`);
  problems.push(...report.strayErrors.map((error) => `${name}: an error outside any test${indented([error])}`));
  const ran = new Set(report.files);
  if (!byName)
    problems.push(...plannedFiles.filter((file) => !ran.has(file)).map((file) => `${name}: ${file} was planned and did not run`));
  return problems;
}

/** Under a problem, line for line: the end of a long output must tell what broke. */
function indented(errors: readonly string[]): string {
  return errors.flatMap((error) => error.split('\n').map((line) => `\n    ${line}`)).join('');
}

/** The one thing a machine may lack; its absence is announced in a box, and stands for all of these. */
function isKafkaTest(skip: { file: string; test: string }): boolean {
  return /kafka/i.test(skip.file) || /kafka/i.test(skip.test);
}
