/** The suites of the project, as data, in the order `npm test` runs them. Read by vitest.config.ts too. */
export interface Suite {
  readonly name: string;
  readonly about: string;
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  /** Whether its files run two at a time. Files that boot a whole relay or measure time run alone. */
  readonly parallel: boolean;
  readonly testTimeoutMs: number;
  readonly hookTimeoutMs: number;
}

const ownFolders = ['contract', 'integration', 'e2e'] as const;
const inFolder = (folder: string): string => `test/${folder}/**/*.test.ts`;

export const suites: readonly Suite[] = [
  {
    name: 'unit',
    about: 'units, properties, handlers with golden AWS events, architecture',
    include: ['test/**/*.test.ts'],
    exclude: ownFolders.map(inFolder),
    parallel: true,
    testTimeoutMs: 20_000,
    hookTimeoutMs: 30_000,
  },
  {
    name: 'contract',
    about: 'one suite per port, each implementation of it',
    include: [inFolder('contract')],
    exclude: [],
    parallel: true,
    testTimeoutMs: 30_000,
    hookTimeoutMs: 60_000,
  },
  {
    name: 'integration',
    about: 'several parts together, real Apache Kafka among them',
    include: [inFolder('integration')],
    exclude: [],
    parallel: false,
    testTimeoutMs: 300_000,
    hookTimeoutMs: 120_000,
  },
  {
    name: 'e2e',
    about: 'the whole relay as a process of its own, over HTTP, killed and restarted',
    include: [inFolder('e2e')],
    exclude: [],
    // With full counts one relay and its test keep two cores busy; with quick ones they mostly wait for each other.
    parallel: process.env['RELAY_TEST_SCALE'] !== 'full',
    testTimeoutMs: 600_000,
    hookTimeoutMs: 120_000,
  },
];
