import { join } from 'node:path';
import { Kafka, logLevel, type Admin } from 'kafkajs';
import { beforeEach, describe, expect, it } from 'vitest';
import { changeTopic } from '#lib/intake/change-log.ts';
import { rangeGroupPrefix } from '#lib/kafka/kafka-change-log-range.ts';
import { TimedReceiver } from '../e2e/replay-arrivals.ts';
import { patientAttempts, replayBesideLiveTraffic, rooms } from '../e2e/replay-beside-live.ts';
import { noKafka, sharedKafkaBrokers, startKafkaBroker } from '../support/kafka-broker.ts';
import { eventually, subscribe } from '../support/relay-client.ts';
import { freePort, scratchFolder, startRelayProcess, type RelayProcess } from '../support/relay-process.ts';
import { scaled } from '../support/scale.ts';

const hasKafka = sharedKafkaBrokers() !== undefined;

describe.skipIf(!hasKafka)(`a replay from Apache Kafka${hasKafka ? '' : ` (${noKafka})`}`, () => {
  let receivers: readonly [TimedReceiver, TimedReceiver];
  let relay: RelayProcess;
  let admin: Admin;
  beforeEach(async () => {
    await using parts = new AsyncDisposableStack();
    const scratch = scratchFolder();
    parts.defer(() => scratch.remove());
    receivers = [new TimedReceiver(), new TimedReceiver()];
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

  it.each(rooms)(
    'sends exactly the range to the one subscription, beside live changes of the same people, with %s, and moves no offsets but its own',
    async (_, concurrency) => {
      const [wanting, bystander] = receivers;
      const everything = { types: ['*'], orgs: ['acme'], limits: { concurrency } };
      const one = await subscribe(relay.url, { name: 'wanting', url: await wanting.listen(), ...everything });
      const other = await subscribe(relay.url, { name: 'bystander', url: await bystander.listen(), ...everything });
      wanting.trust(one.secret);
      bystander.trust(other.secret);

      const scene = { url: relay.url, subscription: one.id, wanting, bystander, dataDir: relay.dataDir, concurrency };
      await replayBesideLiveTraffic(scene, scaled(120, 40));

      const last = byPartition(await ends());
      await eventually(
        async () => byPartition(await committed('fan-out')),
        (offsets) => JSON.stringify(offsets) === JSON.stringify(last),
        { what: `the offsets of fan-out at the ends ${JSON.stringify(last)}` },
      );
      const { groups } = await admin.listGroups();
      for (const { groupId } of groups.filter((group) => group.groupId.startsWith(rangeGroupPrefix)))
        expect([...(await committed(groupId)).values()].filter((offset) => offset >= 0)).toEqual([]);
    },
    400_000,
  );
});
