import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { brokerAnswers } from '#lib/kafka/broker-answers.ts';
import { brokerProperties } from './broker-properties.ts';
import { jarFolder } from './fetch-kafka.ts';
import { freePort, portIfFree } from './free-port.ts';
import { runCommand } from './run-command.ts';

export interface RunningBroker {
  readonly port: number;
  /** Resolves when the process is gone, however it went. */
  readonly exited: Promise<void>;
  /** Asks it to stop, waits, and kills it after ten seconds. */
  stop(): Promise<void>;
  /** As `kill -9` does it. */
  kill(): Promise<void>;
}

/** A boot takes two seconds on an idle machine; this is for one that is busy, with data to recover. */
const bootPatienceMs = 90_000;
const stopPatienceMs = 10_000;
const pollMs = 50;
/** A small heap, and no time spent on compiling what runs for minutes. */
const jvm = ['-Xms96m', '-Xmx320m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Djava.awt.headless=true'];

/**
 * Starts the broker on its data, which it formats when there is none, and resolves when it answers.
 * @throws Error saying what is wrong and where the broker's own log is
 */
export async function startBroker(options: {
  readonly version: string;
  readonly dataDir: string;
  readonly port: number;
  readonly signal?: AbortSignal;
  /** Of the broker's own properties, e.g. `connections.max.idle.ms`, for tests of what a broker does by them. */
  readonly properties?: Readonly<Record<string, string | number>> | undefined;
}): Promise<RunningBroker> {
  const dataDir = resolve(options.dataDir);
  const logDir = join(dataDir, 'log');
  const logFile = join(dataDir, 'broker.log');
  const properties = join(dataDir, 'server.properties');
  mkdirSync(dataDir, { recursive: true });
  const port = await claim(options.port);
  writeFileSync(properties, brokerProperties({ port, controllerPort: await freePort(), logDir, more: options.properties }));
  const java = [...jvm, '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn', '-cp', join(jarFolder(options.version), '*')];
  if (!existsSync(join(logDir, 'meta.properties'))) await format([...java, 'kafka.tools.StorageTool'], properties);
  options.signal?.throwIfAborted();
  const broker = running(spawnBroker([...java, 'kafka.Kafka', properties], logFile), port);
  options.signal?.addEventListener('abort', () => void broker.stop(), { once: true });
  await untilItAnswers(broker, logFile);
  return broker;
}

async function claim(port: number): Promise<number> {
  try {
    return await portIfFree(port);
  } catch (error) {
    throw new Error(`port ${port} on 127.0.0.1 is taken: stop what listens there, or choose another by --port`, { cause: error });
  }
}

/** What it has to say goes to the log file: Kafka's own warnings, and Java's, should it not get that far. */
function spawnBroker(args: readonly string[], logFile: string): ChildProcess {
  const log = openSync(logFile, 'a');
  try {
    return spawn('java', args, { stdio: ['ignore', log, log] });
  } finally {
    closeSync(log);
  }
}

async function format(java: readonly string[], properties: string): Promise<void> {
  const result = await runCommand('java', [...java, 'format', '--cluster-id', clusterId(), '--config', properties]);
  if (result.kind === 'missing') throw new Error('no `java` in the PATH');
  if (result.code !== 0) throw new Error(`Kafka could not format its storage:\n${result.output.trim()}`);
}

/** 16 random bytes in base64url, as Kafka writes a uuid; one that starts with a dash would be read as an option. */
function clusterId(): string {
  const id = randomBytes(16).toString('base64url');
  return id.startsWith('-') ? clusterId() : id;
}

function running(child: ChildProcess, port: number): RunningBroker {
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  // A parent that ends without a word takes the broker along.
  const orphan = (): void => void child.kill('SIGKILL');
  process.once('exit', orphan);
  void exited.then(() => process.removeListener('exit', orphan));
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await exited;
  };
  return {
    port,
    exited,
    kill,
    async stop() {
      child.kill('SIGTERM');
      const timer = setTimeout(() => void kill(), stopPatienceMs);
      await exited;
      clearTimeout(timer);
    },
  };
}

async function untilItAnswers(broker: RunningBroker, logFile: string): Promise<void> {
  const state = { gone: false };
  void broker.exited.then(() => {
    state.gone = true;
  });
  const endsAtMs = performance.now() + bootPatienceMs;
  while (!(await brokerAnswers(`127.0.0.1:${broker.port}`))) {
    if (state.gone) throw new Error(`Kafka ended while it started; its log is ${logFile}`);
    if (performance.now() > endsAtMs) {
      await broker.kill();
      throw new Error(`Kafka did not answer within ${bootPatienceMs / 1000} s; its log is ${logFile}`);
    }
    await delay(pollMs);
  }
}
