import { defineConfig } from 'vitest/config';
import { suites } from './scripts/testing/suites.ts';

/** One project per suite of scripts/testing/suites.ts. `npm test` runs them one after the other; an editor may run them by name. */
export default defineConfig({
  test: {
    watch: false,
    allowOnly: false,
    // A fork per file: tests give the functions their settings once per process, as Lambda does.
    pool: 'forks',
    isolate: true,
    // Sends nothing anywhere and keeps the output one line per file.
    reporters: ['default', './test/support/contract-reporter.ts'],
    slowTestThreshold: 2_000,
    setupFiles: ['./test/support/property-seed.ts'],
    projects: suites.map((suite) => ({
      extends: true as const,
      test: {
        name: suite.name,
        include: [...suite.include],
        exclude: [...suite.exclude],
        testTimeout: suite.testTimeoutMs,
        hookTimeout: suite.hookTimeoutMs,
        teardownTimeout: 10_000,
        fileParallelism: suite.filesAtOnce > 1,
        maxWorkers: suite.filesAtOnce,
        sequence: { groupOrder: suites.indexOf(suite) },
      },
    })),
  },
});
