/** With full counts a property can take a minute on a machine that does other things as well. */
const isFull = process.env['RELAY_TEST_SCALE'] === 'full';

/** The suites of the project, as data, in the order `npm test` runs them. Read by vitest.config.ts too. */
export interface Suite {
  readonly name: string;
  readonly about: string;
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  /** Files of the suite that run at a time. A file that kills or freezes the broker that `npm test` started would take it from the other one. */
  readonly filesAtOnce: 1 | 2;
  readonly testTimeoutMs: number;
  readonly hookTimeoutMs: number;
}

const ownFolders = ['contract', 'integration', 'e2e'] as const;
const inFolder = (folder: string): string => `test/${folder}/**/*.test.ts`;
/** Thousands of changes want a core and more: not beside another file. */
const busy = 'test/integration/partitions.kafka.test.ts';
/** They say in how many milliseconds a hook request is answered, and mostly wait: beside each other, and not beside replays and backlogs. */
const timed = ['broker-down', 'broker-silent', 'outages', 'relay-frozen'].map((name) => `test/integration/${name}.kafka.test.ts`);

export const suites: readonly Suite[] = [
  {
    name: 'unit',
    about: 'units, properties, handlers with golden AWS events, architecture',
    include: ['test/**/*.test.ts'],
    exclude: ownFolders.map(inFolder),
    filesAtOnce: 2,
    testTimeoutMs: isFull ? 120_000 : 60_000,
    hookTimeoutMs: 30_000,
  },
  {
    name: 'contract',
    about: 'one suite per port, each implementation of it',
    include: [inFolder('contract')],
    exclude: [],
    filesAtOnce: 2,
    testTimeoutMs: 30_000,
    hookTimeoutMs: 60_000,
  },
  {
    name: 'integration',
    about: 'several parts together, real Apache Kafka among them',
    include: [inFolder('integration')],
    exclude: [busy, ...timed],
    // They mostly wait, for a broker to boot or an outage to last, and each has a relay, a broker and folders of its own.
    filesAtOnce: 2,
    testTimeoutMs: 300_000,
    hookTimeoutMs: 120_000,
  },
  {
    name: 'timed',
    about: 'how soon hook requests are answered when Kafka or the spool is away',
    include: timed,
    exclude: [],
    filesAtOnce: 2,
    testTimeoutMs: 300_000,
    hookTimeoutMs: 120_000,
  },
  {
    name: 'e2e',
    about: 'the whole relay as a process of its own, over HTTP, killed and restarted',
    include: [inFolder('e2e'), busy],
    exclude: [],
    // With full counts one relay and its test keep two cores busy; with quick ones they mostly wait for each other.
    filesAtOnce: isFull ? 1 : 2,
    testTimeoutMs: 600_000,
    hookTimeoutMs: 120_000,
  },
];
