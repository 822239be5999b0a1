/** What one run of a suite came to: written by the reporter, read by `npm test`. Counts are of tests. */
export interface SuiteReport {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Every failed test with the beginning of what it said. A test that never finished is among them, with no errors of its own. */
  readonly failures: readonly { readonly test: string; readonly file: string; readonly errors: readonly string[] }[];
  /** Files that could not be loaded, or whose hooks failed outside any test, with the beginning of what was said: each one counts as a failure. */
  readonly brokenFiles: readonly { readonly file: string; readonly errors: readonly string[] }[];
  /** Errors outside any test and any file: each one counts as a failure. */
  readonly strayErrors: readonly string[];
  /** Test files that ran. */
  readonly files: readonly string[];
  /** Every skipped test with its reason; null where none was given. */
  readonly skips: readonly { readonly test: string; readonly file: string; readonly reason: string | null }[];
  /** Passed contract tests by port, then by implementation. */
  readonly contracts: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

const portTag = /\[port: ([^\]]+)\]/;

/**
 * Which port and implementation a contract test belongs to, from its full name: the title carries `[port: X]`, a describe around
 * it `X × implementation`. Undefined for every other test.
 */
export function contractOf(describes: readonly string[], title: string): { port: string; implementation: string } | undefined {
  const port = portTag.exec(title)?.[1]?.trim();
  if (port === undefined) return undefined;
  for (const name of describes) {
    const [before, after] = name.split('×').map((part) => part.trim());
    if (before === port && after !== undefined && after !== '') return { port, implementation: after };
  }
  return { port, implementation: 'not named' };
}
