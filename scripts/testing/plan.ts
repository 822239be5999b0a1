import { globSync } from 'node:fs';
import { matchesGlob } from 'node:path';
import { suites, type Suite } from './suites.ts';

export interface PlannedSuite {
  readonly suite: Suite;
  readonly files: readonly string[];
}

export interface Plan {
  readonly suites: readonly PlannedSuite[];
  /** Arguments given by hand: paths choose files, flags go to vitest. Empty: everything runs, the checks of the source too. */
  readonly filter: readonly string[];
  /** Set when tests are chosen by name: those that were not are no skips to be explained. */
  readonly byName: boolean;
  readonly needsKafka: boolean;
  /** What is wrong with the plan itself; each one fails the run. */
  readonly faults: readonly string[];
}

/** Flags of vitest whose value may stand apart from them. */
const flagsWithValue = ['-t', '--testNamePattern'];

/** Which suites run which files. `files` are all test files of the repository, relative, with slashes. */
export function planRun(files: readonly string[], filter: readonly string[]): Plan {
  const paths = filter.filter((argument, index) => !argument.startsWith('-') && !flagsWithValue.includes(filter[index - 1] ?? ''));
  const chosen = paths.length === 0 ? files : files.filter((file) => paths.some((path) => file.includes(path)));
  const planned = suites.map((suite) => ({ suite, files: chosen.filter((file) => belongsTo(suite, file)) }));
  return {
    suites: planned.filter(({ files: own }) => own.length > 0),
    filter,
    byName: filter.some((argument) => flagsWithValue.some((flag) => argument === flag || argument.startsWith(`${flag}=`))),
    needsKafka: chosen.some((file) => /kafka/i.test(file) || file.startsWith('test/integration/')),
    faults: [
      ...files.filter((file) => !suites.some((suite) => belongsTo(suite, file))).map((file) => `${file} belongs to no suite`),
      ...paths.filter((path) => !files.some((file) => file.includes(path))).map((path) => `no test file matches ${path}`),
    ],
  };
}

function belongsTo(suite: Suite, file: string): boolean {
  const matches = (patterns: readonly string[]): boolean => patterns.some((pattern) => matchesGlob(file, pattern));
  return matches(suite.include) && !matches(suite.exclude);
}

/** Every test file of the repository. */
export function testFiles(root: string): string[] {
  return globSync('test/**/*.test.ts', { cwd: root })
    .map((file) => file.replaceAll('\\', '/'))
    .sort();
}
