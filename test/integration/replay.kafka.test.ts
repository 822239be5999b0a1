import { join } from 'node:path';
import { Kafka, logLevel, type Admin } from 'kafkajs';
import { beforeAll, describe, expect, it } from 'vitest';
import { changeTopic } from '#lib/intake/change-log.ts';
import { rangeGroupPrefix } from '#lib/kafka/kafka-change-log-range.ts';
import { TimedReceiver } from '../e2e/replay-arrivals.ts';
import { patientAttempts, replayBesideLiveTraffic } from '../e2e/replay-beside-live.ts';
import { noKafka, sharedKafkaBrokers, startKafkaBroker } from '../support/kafka-broker.ts';
import { ampleLimits, eventually, subscribe } from '../support/relay-client.ts';
import { freePort, scratchFolder, startRelayProcess, type RelayProcess } from '../support/relay-process.ts';
import { scaled } from '../support/scale.ts';

const hasKafka = sharedKafkaBrokers() !== undefined;

describe.skipIf(!hasKafka)(`a replay from Apache Kafka${hasKafka ? '' : ` (${noKafka})`}`, () => {
  const receivers = [new TimedReceiver(), new TimedReceiver()] as const;
  let relay: RelayProcess;
  let admin: Admin;
  beforeAll(async () => {
    await using parts = new AsyncDisposableStack();
    const scratch = scratchFolder();
    parts.defer(() => scratch.remove());
    for (const receiver of receivers) parts.defer(() => receiver.close());
    // A broker of its own: two relays at one broker are one consumer group and share its partitions.
    const broker = await startKafkaBroker({ dataDir: join(scratch.path, 'kafka') });
    parts.defer(() => broker.kill());
    const environment = { KAFKA_BROKERS: broker.brokers, ...patientAttempts };
    relay = await startRelayProcess({ dataDir: join(scratch.path, 'state'), port: await freePort(), environment });
    parts.defer(() => relay.kill());
    admin = new Kafka({ brokers: [broker.brokers], logLevel: logLevel.NOTHING }).admin();
    parts.defer(() => admin.disconnect());
    await admin.connect();
    const running = parts.move();
    return () => running.disposeAsync();
  });

  /** Offsets by partition: those that a group reads on from, and those behind the last records. */
  async function committed(groupId: string): Promise<Map<number, number>> {
    const groups = await admin.fetchOffsets({ groupId, topics: [changeTopic] });
    return new Map(groups.flatMap(({ partitions }) => partitions.map(({ partition, offset }) => [partition, Number(offset)])));
  }
  async function ends(): Promise<Map<number, number>> {
    return new Map((await admin.fetchTopicOffsets(changeTopic)).map(({ partition, high }) => [partition, Number(high)]));
  }
  const byPartition = (offsets: Map<number, number>): (readonly [number, number])[] => [...offsets].toSorted(([a], [b]) => a - b);

  it('sends exactly the range to the one subscription, beside live changes of the same people, and moves no offsets but its own', async () => {
    const [wanting, bystander] = receivers;
    const everything = { types: ['*'], orgs: ['acme'], ...ampleLimits };
    const one = await subscribe(relay.url, { name: 'wanting', url: await wanting.listen(), ...everything });
    const other = await subscribe(relay.url, { name: 'bystander', url: await bystander.listen(), ...everything });
    wanting.trust(one.secret);
    bystander.trust(other.secret);

    await replayBesideLiveTraffic({ url: relay.url, subscription: one.id, wanting, bystander, dataDir: relay.dataDir }, scaled(120, 40));

    const last = byPartition(await ends());
    await eventually(
      async () => byPartition(await committed('fan-out')),
      (offsets) => JSON.stringify(offsets) === JSON.stringify(last),
      { what: `the offsets of fan-out at the ends ${JSON.stringify(last)}` },
    );
    const { groups } = await admin.listGroups();
    for (const { groupId } of groups.filter((group) => group.groupId.startsWith(rangeGroupPrefix)))
      expect([...(await committed(groupId)).values()].filter((offset) => offset >= 0)).toEqual([]);
  }, 400_000);
});
