import './node-version.mjs';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { closingLine } from '../test/support/closing-line.ts';
import { checkStages, runCheckStages, type StageResult } from './check-stages.ts';
import { startBroker, type Broker } from './testing/broker.ts';
import { faults } from './testing/faults.ts';
import { judge } from './testing/judge.ts';
import { planRun, testFiles, type Plan } from './testing/plan.ts';
import { boxed, contractTable, failedTests, reductions, suiteTable, verdicts } from './testing/print-summary.ts';
import { runSuite, type SuiteOutcome } from './testing/run-suite.ts';

/**
 * `npm test`: the checks of the source, then every suite, with a real Kafka where the machine can run one. Paths after `--`
 * choose test files and leave the checks out (`npm test -- test/lib/okta`). The last line says what it all came to.
 */
const root = join(import.meta.dirname, '..');
const isFull = process.env['RELAY_TEST_SCALE'] === 'full';
const print = (text = ''): void => {
  console.log(text);
};

const scratch = mkdtempSync(join(tmpdir(), 'relay-test-run-'));
const scaleNotes = join(scratch, 'scale.jsonl');
const abort = new AbortController();
let interruptedBy: 'SIGINT' | 'SIGTERM' | undefined;
const plan = planRun(testFiles(root), process.argv.slice(2));

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void interrupt(signal));
printPlan(plan);
try {
  process.exitCode = await run();
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

async function run(): Promise<number> {
  // The broker boots while the source is checked: it needs a core for some seconds, and nothing else waits for it.
  const brokerStarting = plan.needsKafka ? startBroker() : undefined;
  const stages = plan.filter.length === 0 ? await runCheckStages(print, abort.signal) : [];
  const broker = await brokerStarting;
  if (interruptedBy === undefined) announce(broker);
  let outcomes: SuiteOutcome[];
  try {
    outcomes = await runSuites(broker?.kind === 'running' ? broker.brokers : undefined);
  } finally {
    await stopBroker(broker);
  }
  if (interruptedBy !== undefined) return interruptedBy === 'SIGINT' ? 130 : 143;
  return summarise(stages, outcomes, broker);
}

function summarise(stages: readonly StageResult[], outcomes: readonly SuiteOutcome[], broker: Broker | undefined): number {
  const kafkaMissing = broker === undefined || broker.kind === 'running' ? undefined : `Kafka is not here: ${broker.why}`;
  const found = faults({ planFaults: plan.faults, broker, requireKafka: process.env['REQUIRE_KAFKA'] });
  const judgement = judge({ stages, outcomes, byName: plan.byName, kafkaMissing, faults: found });
  const parts = [suiteTable(stages, outcomes), contractTable(outcomes), reductions(scaleNotes), failedTests(outcomes), verdicts(judgement)];
  for (const part of parts.filter((text) => text !== '')) print(`\n${part}`);
  print();
  print(closingLine(judgement.totals));
  return judgement.totals.failed === 0 ? 0 : 1;
}

function printPlan({ suites, filter, needsKafka }: Plan): void {
  print(`Plan (${isFull ? 'full' : 'quick'} counts, Node ${process.versions.node}):`);
  print(
    filter.length === 0
      ? `  checks       ${checkStages.map((stage) => stage.name).join(', ')}`
      : '  checks       left out, because test files were chosen',
  );
  for (const { suite, files } of suites)
    print(`  ${suite.name.padEnd(12)} ${files.length} file${files.length === 1 ? '' : 's'}: ${suite.about}`);
  if (needsKafka) print('  Apache Kafka is started for the suites that need one, where Java and Maven are here, and stopped at the end');
  print();
}

async function runSuites(kafkaBrokers: string | undefined): Promise<SuiteOutcome[]> {
  const environment = {
    RELAY_TEST_SCALE: isFull ? 'full' : 'quick',
    RELAY_TEST_SCALE_NOTES: scaleNotes,
    ...(kafkaBrokers === undefined ? {} : { KAFKA_BROKERS: kafkaBrokers }),
  };
  const done: SuiteOutcome[] = [];
  for (const planned of plan.suites) {
    if (interruptedBy !== undefined) break;
    print(`\n=== ${planned.suite.name}: ${planned.suite.about}`);
    done.push(await runSuite(planned, { root, scratch, filter: plan.filter, environment, signal: abort.signal }));
  }
  return done;
}

function announce(broker: Broker | undefined): void {
  if (broker === undefined) return;
  if (broker.kind === 'running') return print(`  ok     Kafka    ${broker.brokers}  (${broker.seconds.toFixed(1)} s)`);
  const files = plan.suites.flatMap((planned) => planned.files).filter((file) => /kafka/i.test(file));
  const lines = [
    'THE KAFKA SUITES DO NOT RUN.',
    `Why: ${broker.why}`,
    'What needs a broker in these files is skipped:',
    ...files.map((file) => `  ${file}`),
    'CI runs them (REQUIRE_KAFKA=1).',
  ];
  print(`\n${boxed(lines)}`);
}

async function stopBroker(broker: Broker | undefined): Promise<void> {
  if (broker?.kind !== 'running') return;
  try {
    await broker.stop();
  } catch (error) {
    // It has served its purpose and runs in a folder nobody reads again: worth a word, not a failed run.
    print(`Kafka did not stop cleanly: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** What runs is told to end, and run() goes on to its end without starting anything new; a second Ctrl-C waits for nothing. */
function interrupt(signal: 'SIGINT' | 'SIGTERM'): void {
  if (interruptedBy !== undefined) process.exit(1);
  interruptedBy = signal;
  print(`\n${signal}: stopping what runs.`);
  abort.abort();
}
