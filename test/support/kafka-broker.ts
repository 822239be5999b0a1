import { fetchKafka } from '../../scripts/kafka/fetch-kafka.ts';
import { checkRequirements, type Requirements } from '../../scripts/kafka/requirements.ts';
import { startBroker } from '../../scripts/kafka/start-broker.ts';
import { defaultVersion } from '../../scripts/kafka/versions.ts';
import { freePort } from './relay-process.ts';

/** RELAY_TEST_KAFKA_VERSION runs the suites on another broker than the default. */
function versionUnderTest(): string {
  const given = process.env['RELAY_TEST_KAFKA_VERSION'];
  return given === undefined || given === '' ? defaultVersion : given;
}

/** Whether this machine can run a broker, and what it lacks if not. */
export function kafkaAvailability(version: string = versionUnderTest()): Promise<Requirements> {
  return checkRequirements(version);
}

export interface KafkaBroker {
  /** `127.0.0.1:<port>` */
  readonly brokers: string;
  readonly port: number;
  kill(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * A broker of the caller's own. After `kill`, start it again with the same `dataDir` and `port`.
 * @param options.port a free one when absent
 */
export async function startKafkaBroker(options: {
  version?: string;
  dataDir: string;
  port?: number;
  properties?: Readonly<Record<string, string | number>> | undefined;
}): Promise<KafkaBroker> {
  const version = options.version ?? versionUnderTest();
  await fetchKafka(version, { say: (line) => void process.stdout.write(line + '\n') });
  // Of those that clients are not given: while a broker is killed, whoever asks for it again and again must not get its port.
  const port = options.port ?? (await freePort());
  const broker = await startBroker({ version, dataDir: options.dataDir, port, properties: options.properties });
  return { brokers: `127.0.0.1:${broker.port}`, port: broker.port, kill: () => broker.kill(), stop: () => broker.stop() };
}

/** The broker that `npm test` started for all suites; undefined where there is none. */
export function sharedKafkaBrokers(): readonly string[] | undefined {
  const brokers = process.env['KAFKA_BROKERS'];
  return brokers === undefined || brokers === '' ? undefined : brokers.split(',');
}

/** Why a suite did not run, for `context.skip` and `describe.skipIf`: printed at the end of `npm test`. */
export const noKafka = 'Apache Kafka is not here (npm test starts one where Java and Maven are; see docs/kafka.md)';
