import '../node-version.mjs';
import { fetchKafka } from './fetch-kafka.ts';
import { readOptions, usage, type KafkaOptions } from './options.ts';
import { checkRequirements } from './requirements.ts';
import { startBroker } from './start-broker.ts';

/** `npm run kafka`: one broker in the foreground until Ctrl-C. */
const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stopping.abort());

const answer = readOptions(process.argv.slice(2));
if (answer.kind === 'help') console.log(usage);
else if (answer.kind === 'refused') fail(answer.problems.join('\n'));
else {
  try {
    await run(answer.options);
  } catch (error) {
    if (!isStopping()) fail(error instanceof Error ? error.message : String(error));
  }
}

async function run(options: KafkaOptions): Promise<void> {
  const requirements = await checkRequirements(options.version);
  if (requirements.kind === 'missing') return fail(`Kafka cannot run here: ${requirements.what}`);
  await fetchKafka(options.version, { say: (line) => console.log(line), signal: stopping.signal });
  console.log(`Starting Apache Kafka ${options.version}, data in ${options.dataDir} ...`);
  const broker = await startBroker({ ...options, signal: stopping.signal });
  console.log(`ready 127.0.0.1:${broker.port}`);
  await broker.exited;
  console.log('stopped');
  // Reached with the signal set when the broker was told to end; otherwise it ended by itself.
  if (!isStopping()) fail('Kafka ended by itself; its log is broker.log in the data folder');
}

function isStopping(): boolean {
  return stopping.signal.aborted;
}

function fail(message: string): void {
  console.error(message);
  process.exitCode = 1;
}
