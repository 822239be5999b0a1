import { Kafka, logLevel } from 'kafkajs';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { changeTopic } from '#lib/intake/change-log.ts';
import { partitionOfKey } from '#lib/kafka/partition-of-key.ts';
import { topics } from '#lib/kafka/topics.ts';
import { noKafka, sharedKafkaBrokers } from '../support/kafka-broker.ts';
import { eventually } from '../support/relay-client.ts';
import { scaled } from '../support/scale.ts';
import { runSeed, seededRandom } from '../support/seeded-random.ts';
import { HookStream } from './hook-stream.ts';
import { startRelayOnKafka, type RelayOnKafka } from './relay-on-kafka.ts';
import { everythingDelivered, expectAccountedFor, expectNothingStale, missing } from './what-must-hold.ts';

/** A webhook that was sent this shortly before the kill may not have been recorded yet: with one second of `webhook-timestamp`. */
const unrecordedSeconds = 3;
const hasKafka = sharedKafkaBrokers() !== undefined;

describe.skipIf(!hasKafka)(`the relay that is killed while it reads from Kafka${hasKafka ? '' : ` (${noKafka})`}`, () => {
  let relay: RelayOnKafka;
  let kafka: Kafka;
  beforeAll(async () => {
    relay = await startRelayOnKafka();
    kafka = new Kafka({ brokers: [relay.brokers], logLevel: logLevel.NOTHING });
  });
  afterAll(async () => {
    await relay.stop();
  });

  /** The offset that the group of fan-out reads on from, by partition. */
  async function committed(): Promise<Map<number, number>> {
    const client = kafka.admin();
    await client.connect();
    const groups = await client.fetchOffsets({ groupId: 'fan-out', topics: [changeTopic] });
    await client.disconnect();
    return new Map(groups.flatMap(({ partitions }) => partitions.map(({ partition, offset }) => [partition, Number(offset)])));
  }

  /** Webhooks of records that nobody committed: their batch was in hand, and it will be read again. */
  async function uncommitted(): Promise<number> {
    const offsets = await committed();
    const ids = relay.receiver.received.flatMap(({ id, change }) => {
      const partition = partitionOfKey(change.partitionkey, topics[changeTopic].partitions);
      return offsetIn(change.sequence) >= (offsets.get(partition) ?? 0) ? [id] : [];
    });
    return new Set(ids).size;
  }

  /**
   * Kills the relay where it stands, in the middle of a batch: it is stopped for a look, and goes on when it has none in hand of which
   * something was delivered.
   */
  async function killMidBatch(): Promise<number> {
    for (;;) {
      process.kill(relay.pid(), 'SIGSTOP');
      const delivered = await uncommitted();
      if (delivered > 0) {
        await relay.killRelay();
        return delivered;
      }
      process.kill(relay.pid(), 'SIGCONT');
      await delay(20);
    }
  }

  it('skips no change, and repeats none but what was in flight', async () => {
    const rounds = scaled(5, 1);
    const seed = runSeed();
    const random = seededRandom(seed);
    // A batch with many changes of one user takes as many calls of SQS: it is the longest to be killed in.
    const stream = new HookStream({ url: relay.url, random, senders: 3, usersPerSender: 1, eventsPerRequest: 20, pauseMs: 0 });
    const kills: { readonly atSeconds: number; readonly undelivered: number; readonly delivered: number }[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const seen = relay.receiver.received.length;
      const streaming = stream.start();
      await eventually(
        () => relay.receiver.received.length,
        (count) => count > seen,
        { what: 'the first webhook of the round', deadlineMs: 60_000, everyMs: 1 },
      );
      await delay(random() * 200);
      const delivered = await killMidBatch();
      kills.push({ atSeconds: Date.now() / 1000, undelivered: missing(stream, relay).length, delivered });
      const stopped = streaming.stop();
      await relay.startRelay();
      await stopped;
    }
    const superseded = await everythingDelivered(stream, relay, 120_000);
    const { received } = relay.receiver;
    const repeated = [...Map.groupBy(received, ({ id }) => id).values()].filter((arrivals) => arrivals.length > 1);
    console.log(
      `consumer kill -9: seed ${seed}, ${kills.length} kills, undelivered/delivered of the batch in hand at each ` +
        `${kills.map((kill) => `${kill.undelivered}/${kill.delivered}`).join(', ')}; ${stream.accepted.length} changes, ` +
        `${repeated.length} arrived again with the same webhook-id, ${superseded.size} superseded`,
    );
    expect(
      kills.every(({ undelivered }) => undelivered > 0),
      'something in flight at each kill',
    ).toBe(true);
    const late = repeated.filter(([first]) => {
      const sentAtSeconds = Number(first!.headers['webhook-timestamp']);
      return !kills.some(({ atSeconds }) => sentAtSeconds <= atSeconds && sentAtSeconds >= atSeconds - unrecordedSeconds);
    });
    expect(
      late.map(([first]) => first!.id),
      'repeats of what was not in flight at a kill',
    ).toEqual([]);
    expectNothingStale(stream, relay);
    expectAccountedFor(stream, relay, superseded);
  }, 300_000);
});

/** The second part of a sequence. */
function offsetIn(sequence: string): number {
  return Number(sequence.split('-')[1]);
}
