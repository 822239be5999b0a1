import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { judge, type RunFacts } from '../../scripts/testing/judge.ts';
import { planRun, testFiles } from '../../scripts/testing/plan.ts';
import { boxed, contractTable, failedTests, reductions } from '../../scripts/testing/print-summary.ts';
import type { SuiteOutcome } from '../../scripts/testing/run-suite.ts';
import { closingLine } from '../support/closing-line.ts';
import { contractOf, type SuiteReport } from '../support/suite-report.ts';
import { repositoryRoot } from './repository.ts';

const report: SuiteReport = {
  passed: 2,
  failed: 0,
  skipped: 0,
  failures: [],
  brokenFiles: [],
  strayErrors: [],
  files: ['test/lib/a.test.ts'],
  skips: [],
  contracts: {},
};
const outcome = (changes: Partial<SuiteReport> = {}, more: Partial<SuiteOutcome> = {}): SuiteOutcome => ({
  name: 'unit',
  plannedFiles: ['test/lib/a.test.ts'],
  seconds: 1,
  exitCode: 0,
  report: { ...report, ...changes },
  ...more,
});
const stage = (passed: boolean) => ({ name: 'types', passed, seconds: 1, output: '' });
const facts = (changes: Partial<RunFacts>): RunFacts => ({
  stages: [],
  outcomes: [outcome()],
  byName: false,
  kafkaMissing: undefined,
  faults: [],
  ...changes,
});

describe('the closing line', () => {
  it.each([
    [{ passed: 12, failed: 0, skipped: 0 }, '12 passed, 0 failed'],
    [{ passed: 12, failed: 3, skipped: 0 }, '12 passed, 3 failed'],
    [{ passed: 12, failed: 0, skipped: 4 }, '12 passed, 0 failed, 4 skipped'],
  ])('of %o is %s', (totals, line) => {
    expect(closingLine(totals)).toBe(line);
  });
});

describe('the judgement', () => {
  it('adds stages and tests', () => {
    expect(judge(facts({ stages: [stage(true), stage(false)] })).totals).toEqual({ passed: 3, failed: 1, skipped: 0 });
  });

  it.each<[string, Partial<RunFacts>]>([
    ['a failed test', { outcomes: [outcome({ failed: 1 }, { exitCode: 1 })] }],
    ['no test at all', { outcomes: [] }],
    ['a suite in which nothing ran', { outcomes: [outcome({ passed: 0, files: [] })] }],
    ['a suite without a report', { outcomes: [outcome({}, { report: undefined, exitCode: 1 })] }],
    ['a file that could not be loaded', { outcomes: [outcome({ brokenFiles: [{ file: 'test/lib/a.test.ts', errors: [] }] })] }],
    ['an error outside any test', { outcomes: [outcome({ strayErrors: ['refused'] })] }],
    ['a planned file that did not run', { outcomes: [outcome({}, { plannedFiles: ['test/lib/a.test.ts', 'test/lib/b.test.ts'] })] }],
    ['an exit code that nothing explains', { outcomes: [outcome({}, { exitCode: 1 })] }],
    ['a skip without a reason', { outcomes: [outcome({ skipped: 1, skips: [{ test: 'x', file: 'test/lib/a.test.ts', reason: null }] })] }],
    [
      'a Kafka test skipped although Kafka is there',
      { outcomes: [outcome({ skipped: 1, skips: [{ test: 'ChangeLog × kafka > x', file: 'a', reason: null }] })] },
    ],
    ['a fault of the plan', { faults: ['test/odd.test.ts belongs to no suite'] }],
  ])('counts %s as a failure', (_, changes) => {
    const judgement = judge(facts(changes));
    expect(judgement.totals.failed).toBeGreaterThan(0);
    expect(judgement.problems.length).toBe(judgement.totals.failed - (changes.outcomes?.[0]?.report?.failed ?? 0));
  });

  it('tells once what a file broke with, and not of each test that did not run for it', () => {
    const file = 'test/lib/a.test.ts';
    const broken = {
      brokenFiles: [{ file, errors: ['nobody listens\non port 1'] }],
      skipped: 2,
      skips: ['x', 'y'].map((test) => ({ test, file, reason: null })),
    };
    expect(judge(facts({ outcomes: [outcome(broken, { exitCode: 1 })] }))).toMatchObject({
      totals: { passed: 2, failed: 1, skipped: 0 },
      problems: [`unit: ${file} failed outside its tests\n    nobody listens\n    on port 1`],
    });
  });

  it('counts a skip with its reason, and Kafka tests under the one that was announced', () => {
    const skips = [
      { test: 'x', file: 'test/lib/a.test.ts', reason: 'runs on Linux only' },
      { test: 'ChangeLog × kafka > y', file: 'test/contract/change-log.kafka.test.ts', reason: null },
    ];
    const judgement = judge(facts({ outcomes: [outcome({ skipped: 2, skips })], kafkaMissing: 'Kafka is not here: no java' }));
    expect(judgement.totals).toEqual({ passed: 2, failed: 0, skipped: 2 });
    expect(judgement.skipsByReason).toEqual({ 'runs on Linux only': 1, 'Kafka is not here: no java': 1 });
  });
});

describe('the plan', () => {
  const files = ['test/contract/change-log.kafka.test.ts', 'test/e2e/relay.test.ts', 'test/lib/okta/challenge.test.ts'];

  it('gives each file to one suite', () => {
    expect(planRun(files, []).suites.map(({ suite, files: own }) => [suite.name, own])).toEqual([
      ['unit', ['test/lib/okta/challenge.test.ts']],
      ['contract', ['test/contract/change-log.kafka.test.ts']],
      ['e2e', ['test/e2e/relay.test.ts']],
    ]);
  });

  it('runs every test file of the repository, and none twice', () => {
    const all = testFiles(repositoryRoot);
    const plan = planRun(all, []);
    expect(plan.faults).toEqual([]);
    expect(plan.suites.flatMap(({ files: own }) => own).toSorted()).toEqual(all);
  });

  it('narrows to the paths given, and starts no Kafka for them', () => {
    const plan = planRun(files, ['test/lib/okta', '-t', 'echoes']);
    expect(plan.suites.map(({ suite }) => suite.name)).toEqual(['unit']);
    expect(plan).toMatchObject({ byName: true, needsKafka: false, faults: [] });
  });

  it('finds fault with a path that matches nothing', () => {
    expect(planRun(files, ['test/lib/octa']).faults).toEqual(['no test file matches test/lib/octa']);
  });

  it('has no file that kills or freezes a broker use the one that another file may be using at the time', () => {
    const stopping = testFiles(repositoryRoot)
      .map((file) => ({ file, text: readFileSync(join(repositoryRoot, file), 'utf8') }))
      .filter(({ text }) => /\b(killBroker|broker\.(kill|stop))\(/.test(text));
    expect(stopping.length).toBeGreaterThan(3);
    // Whether there is a Kafka may be asked; where it is, is not for them.
    const sharing = stopping.filter(({ text }) => /sharedKafkaBrokers\(\)(?! (!|=)== undefined)/.test(text));
    expect(sharing.map(({ file }) => file)).toEqual([]);
  });
});

describe('a contract test', () => {
  it.each([
    [['ChangeLog × kafka'], '[port: ChangeLog] keeps order', { port: 'ChangeLog', implementation: 'kafka' }],
    [['appending', 'ChangeLog × embedded'], '[port: ChangeLog] keeps order', { port: 'ChangeLog', implementation: 'embedded' }],
    [['somewhere else'], '[port: ChangeLog] keeps order', { port: 'ChangeLog', implementation: 'not named' }],
    [['ChangeLog × kafka'], 'keeps order', undefined],
  ])('of row %# is counted where it belongs', (describes, title, expected) => {
    expect(contractOf(describes, title)).toEqual(expected);
  });

  it('is summed up by port and implementation over the suites', () => {
    const outcomes = [outcome({ contracts: { B: { one: 1 }, A: { two: 2, one: 3 } } }), outcome({ contracts: { B: { one: 4 } } })];
    expect(contractTable(outcomes).split('\n').slice(1)).toEqual([
      expect.stringMatching(/^ {2}A +one: 3, two: 2$/),
      expect.stringMatching(/^ {2}B +one: 5$/),
    ]);
  });
});

it('tells at the end what failed, in which suite and file, and with what words', () => {
  const failures = [
    { test: 'a lane > keeps order', file: 'test/lib/a.test.ts', errors: ['expected 1 to be 2\nsecond line (test/lib/a.test.ts:7)'] },
    { test: 'a lane > ends', file: 'test/lib/a.test.ts', errors: [] },
  ];
  expect(failedTests([outcome(), outcome({ failed: 2, failures })]).split('\n')).toEqual([
    'Failed tests:',
    '  unit: test/lib/a.test.ts > a lane > keeps order',
    '    expected 1 to be 2',
    '    second line (test/lib/a.test.ts:7)',
    '  unit: test/lib/a.test.ts > a lane > ends',
    '    did not finish',
  ]);
  expect(failedTests([outcome()])).toBe('');
});

it('draws a box as wide as its longest line', () => {
  expect(boxed(['one', 'three'])).toBe('#########\n# one   #\n# three #\n#########');
});

describe('a run of vitest with the reporter', () => {
  let folder = '';
  let written: SuiteReport;
  const notes = (): string => join(folder, 'notes.jsonl');

  beforeAll(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'reporter-')));
    symlinkSync(join(repositoryRoot, 'node_modules'), join(folder, 'node_modules'));
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
    const support = join(repositoryRoot, 'test/support');
    writeFileSync(
      join(folder, 'vitest.config.ts'),
      `export default { test: { reporters: [${JSON.stringify(join(support, 'contract-reporter.ts'))}] } };`,
    );
    writeFileSync(
      join(folder, 'mixed.test.ts'),
      `import { describe, expect, it } from 'vitest';
       import { scaled } from ${JSON.stringify(join(support, 'scale.ts'))};
       const rounds = scaled(20, 3);
       describe('Store × memory', () => {
         it('[port: Store] keeps', () => expect(rounds).toBe(3));
         it('[port: Store] loses', () => expect(1).toBe(2));
       });
       describe.skipIf(true)('Store × remote', () => {
         it('[port: Store] keeps', () => {});
       });
       it('cannot run here', (context) => context.skip('no such disk'));
       it.skip('is switched off', () => {});`,
    );
    writeFileSync(
      join(folder, 'hook.test.ts'),
      `import { beforeAll, it } from 'vitest';
       beforeAll(() => { throw new Error('nobody listens'); });
       it('waits for its hook', () => {});`,
    );
    writeFileSync(join(folder, 'broken.test.ts'), `throw new Error('cannot be loaded');`);
    spawnSync(process.execPath, [join(repositoryRoot, 'node_modules/vitest/vitest.mjs'), 'run'], {
      cwd: folder,
      env: { ...process.env, RELAY_TEST_REPORT: join(folder, 'report.json'), RELAY_TEST_SCALE: 'quick', RELAY_TEST_SCALE_NOTES: notes() },
    });
    written = JSON.parse(readFileSync(join(folder, 'report.json'), 'utf8')) as SuiteReport;
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('reports what passed, failed, broke and was skipped, and why', () => {
    expect(written).toMatchObject({
      passed: 1,
      failed: 1,
      skipped: 4,
      strayErrors: [],
      contracts: { Store: { memory: 1 } },
    });
    expect(written.brokenFiles.toSorted((one, other) => one.file.localeCompare(other.file))).toEqual([
      { file: 'broken.test.ts', errors: [expect.stringMatching(/^cannot be loaded \(broken\.test\.ts:1\)$/)] },
      { file: 'hook.test.ts', errors: [expect.stringMatching(/^nobody listens \(hook\.test\.ts:2\)$/)] },
    ]);
    expect(written.failures).toEqual([
      {
        test: 'Store × memory > [port: Store] loses',
        file: 'mixed.test.ts',
        errors: [expect.stringMatching(/^expected 1 to be 2.*\(mixed\.test\.ts:6\)$/)],
      },
    ]);
    expect(written.skips.filter(({ file }) => file === 'mixed.test.ts')).toEqual([
      { test: 'Store × remote > [port: Store] keeps', file: 'mixed.test.ts', reason: null },
      { test: 'cannot run here', file: 'mixed.test.ts', reason: 'no such disk' },
      { test: 'is switched off', file: 'mixed.test.ts', reason: null },
    ]);
  });

  it('notes what was scaled down', () => {
    expect(reductions(notes())).toContain('3 instead of 20');
  });
});
