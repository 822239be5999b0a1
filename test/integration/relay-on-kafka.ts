import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startKafkaBroker, type KafkaBroker } from '../support/kafka-broker.ts';
import { admin, ampleLimits, subscribe } from '../support/relay-client.ts';
import { freePort, scratchFolder, startRelayProcess, type RelayProcess } from '../support/relay-process.ts';
import { WebhookReceiver } from '../support/webhook-receiver.ts';

/** What `npm start` runs, on an Apache Kafka of its own, with one subscriber to everything. Each of them can be killed and started again. */
export interface RelayOnKafka {
  readonly url: string;
  readonly receiver: WebhookReceiver;
  readonly subscription: string;
  readonly brokers: string;
  pid(): number;
  killBroker(): Promise<void>;
  startBroker(): Promise<void>;
  killRelay(): Promise<void>;
  startRelay(): Promise<void>;
  /** The relay's log lines of one function, over all its starts. */
  logLines(name: string): Record<string, unknown>[];
  /** Whether the last hook request that was answered found the log there. */
  logInUse(): boolean;
  /** Whether the delivery of this change to the subscriber is recorded as `superseded`. */
  isSuperseded(change: string): Promise<boolean>;
  stop(): Promise<void>;
}

/** Nothing of it is left running when it cannot be started. */
export async function startRelayOnKafka(
  options: {
    /** Puts something between the relay and its broker, and answers where that is. */
    readonly between?: (broker: string) => Promise<string>;
    /** On top of the broker's own. */
    readonly properties?: Readonly<Record<string, string | number>>;
  } = {},
): Promise<RelayOnKafka> {
  await using parts = new AsyncDisposableStack();
  const scratch = scratchFolder();
  parts.defer(() => scratch.remove());
  const [kafkaData, relayData] = [join(scratch.path, 'kafka'), join(scratch.path, 'state')];
  const receiver = new WebhookReceiver();
  parts.defer(() => receiver.close());
  const { properties } = options;
  let broker: KafkaBroker = await startKafkaBroker({ dataDir: kafkaData, properties });
  parts.defer(() => broker.kill());
  const brokerPort = broker.port;
  const brokers = (await options.between?.(broker.brokers)) ?? broker.brokers;
  const start = { dataDir: relayData, port: await freePort(), environment: { KAFKA_BROKERS: brokers } };
  let relay: RelayProcess = await startRelayProcess(start);
  parts.defer(() => relay.kill());
  const { url } = relay;
  const logFile = join(relayData, 'relay.log');
  const { id, secret } = await subscribe(url, {
    name: 'everything',
    types: ['*'],
    url: await receiver.listen(),
    orgs: ['acme'],
    ...ampleLimits,
  });
  receiver.trust(secret);
  const running = parts.move();
  return {
    url,
    receiver,
    subscription: id,
    brokers,
    pid: () => relay.pid,
    killBroker: () => broker.kill(),
    async startBroker() {
      broker = await startKafkaBroker({ dataDir: kafkaData, port: brokerPort, properties });
    },
    killRelay: () => relay.kill(),
    async startRelay() {
      relay = await startRelayProcess(start);
    },
    logLines: (name) => linesOf(logFile).filter((line) => line['function'] === name),
    logInUse: () => {
      const last = linesOf(logFile, tailBytes).findLast((line) => line['function'] === 'receive-hook');
      return last !== undefined && last['spooled'] === undefined;
    },
    isSuperseded: (change) => isSuperseded(url, { subscription: id, change }),
    stop: () => running.disposeAsync(),
  };
}

/** Some twenty invocations. */
const tailBytes = 8_192;

/** A process that is killed while it writes leaves half a line, which the next one's first line is joined to. */
function linesOf(logFile: string, lastBytes = Infinity): Record<string, unknown>[] {
  return readFileSync(logFile, 'utf8')
    .slice(-Math.min(lastBytes, 2 ** 30))
    .split('\n')
    .flatMap((line) => {
      try {
        return [JSON.parse(line) as Record<string, unknown>];
      } catch {
        // Half a line tells nothing that the tests count on.
        return [];
      }
    });
}

async function isSuperseded(url: string, query: { subscription: string; change: string }): Promise<boolean> {
  const { status, body } = await admin<{ data: readonly { readonly status: string }[] }>(
    url,
    `/v1/deliveries?${new URLSearchParams(query).toString()}`,
  );
  if (status !== 200) throw new Error(`GET /v1/deliveries answered ${status}: ${JSON.stringify(body)}`);
  return body.data.length === 1 && body.data[0]?.status === 'superseded';
}
