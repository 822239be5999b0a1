import { writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import type { Reporter, SerializedError, TestCase, TestModule } from 'vitest/node';
import { contractOf, type SuiteReport } from './suite-report.ts';

/** How much of an error's message is repeated at the end of the run; the whole of it stands with its suite. */
const errorChars = 1_000;

/** Writes a SuiteReport to the file that RELAY_TEST_REPORT names; without that variable it does nothing. */
export default class ContractReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], strayErrors: readonly SerializedError[]): void {
    const target = process.env['RELAY_TEST_REPORT'];
    if (target === undefined || target === '') return;
    writeFileSync(target, JSON.stringify(reportOf(modules, strayErrors.map(errorText))));
  }
}

function reportOf(modules: readonly TestModule[], strayErrors: readonly string[]): SuiteReport {
  const tests = modules.flatMap((module) => [...module.children.allTests()]);
  const inState = (state: string): TestCase[] => tests.filter((test) => test.result().state === state);
  // A test still pending when the run ended never finished: that is a failure, whatever ended the run.
  const failed = [...inState('failed'), ...inState('pending')];
  const contracts: Record<string, Record<string, number>> = {};
  // Every contract test makes its implementation appear; only those that passed count, so one that was skipped shows as 0.
  for (const test of tests) {
    const contract = contractOf(describesAround(test), test.name);
    if (contract === undefined) continue;
    const counts = (contracts[contract.port] ??= {});
    counts[contract.implementation] = (counts[contract.implementation] ?? 0) + (test.result().state === 'passed' ? 1 : 0);
  }
  return {
    passed: inState('passed').length,
    failed: failed.length,
    failures: failed.map((test) => ({
      test: test.fullName,
      file: fileOf(test.module),
      errors: (test.result().errors ?? []).map(errorText),
    })),
    skipped: inState('skipped').length,
    brokenFiles: modules
      .filter((module) => isBroken(module))
      .map((module) => ({ file: fileOf(module), errors: ownErrorsOf(module).map(errorText) })),
    strayErrors,
    files: modules.map(fileOf),
    skips: inState('skipped').map((test) => ({ test: test.fullName, file: fileOf(test.module), reason: skipReason(test) })),
    contracts,
  };
}

/** Failed although none of its tests did: it could not be loaded, holds no test, or a hook around the tests failed. */
function isBroken(module: TestModule): boolean {
  return ownErrorsOf(module).length > 0 || (module.state() === 'failed' && ![...module.children.allTests('failed')].length);
}

/** Of hooks, and of loading it: not of its tests. */
function ownErrorsOf(module: TestModule): SerializedError[] {
  return [...module.errors(), ...[...module.children.allSuites()].flatMap((suite) => [...suite.errors()])];
}

/** The message and where in the test it was raised, without colours. */
function errorText(error: SerializedError): string {
  const place = error.stacks?.[0];
  const where = place === undefined ? '' : ` (${relative(process.cwd(), place.file)}:${place.line})`;
  const message = stripVTControlCharacters(error.message);
  return `${message.length > errorChars ? `${message.slice(0, errorChars)} …` : message}${where}`;
}

function describesAround(test: TestCase): string[] {
  const names: string[] = [];
  for (let parent = test.parent; parent.type === 'suite'; parent = parent.parent) names.push(parent.name);
  return names;
}

function skipReason(test: TestCase): string | null {
  const result = test.result();
  return result.state === 'skipped' ? (result.note ?? null) : null;
}

function fileOf(module: TestModule): string {
  return relative(process.cwd(), module.moduleId).replaceAll('\\', '/');
}
