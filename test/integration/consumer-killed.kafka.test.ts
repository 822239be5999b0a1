import { Kafka, logLevel, type Admin } from 'kafkajs';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { changeTopic } from '#lib/intake/change-log.ts';
import { partitionOfKey } from '#lib/kafka/partition-of-key.ts';
import { topics } from '#lib/kafka/topics.ts';
import { noKafka, sharedKafkaBrokers } from '../support/kafka-broker.ts';
import { admin as call, eventually } from '../support/relay-client.ts';
import { scaled } from '../support/scale.ts';
import { runSeed, seededRandom } from '../support/seeded-random.ts';
import { HookStream } from './hook-stream.ts';
import { startRelayOnKafka, type RelayOnKafka } from './relay-on-kafka.ts';
import { everythingDelivered, expectAccountedFor, expectNothingStale, missing } from './what-must-hold.ts';

/** How long one round may look for a batch that is half delivered. */
const findDeadlineMs = 60_000;
const hasKafka = sharedKafkaBrokers() !== undefined;

describe.skipIf(!hasKafka)(`the relay that is killed while it reads from Kafka${hasKafka ? '' : ` (${noKafka})`}`, () => {
  let relay: RelayOnKafka;
  let admin: Admin;
  beforeAll(async () => {
    relay = await startRelayOnKafka();
    admin = new Kafka({ brokers: [relay.brokers], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
  });
  afterAll(async () => {
    await admin.disconnect();
    await relay.stop();
  });

  /** The offset that the group of fan-out reads on from, by partition. */
  async function committed(): Promise<Map<number, number>> {
    const groups = await admin.fetchOffsets({ groupId: 'fan-out', topics: [changeTopic] });
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
    for (const endMs = Date.now() + findDeadlineMs; Date.now() < endMs;) {
      process.kill(relay.pid(), 'SIGSTOP');
      const delivered = await uncommitted();
      if (delivered > 0) {
        await relay.killRelay();
        return delivered;
      }
      process.kill(relay.pid(), 'SIGCONT');
      await delay(20);
    }
    throw new Error(`no batch was half delivered within ${findDeadlineMs / 1000} s`);
  }

  /** How many attempts the delivery log has for a change. */
  async function attemptsOf(change: string): Promise<number[]> {
    const { body } = await call<{ data: { attempts: unknown[] }[] }>(relay.url, `/v1/deliveries?change=${change}`);
    return body.data.map(({ attempts }) => attempts.length);
  }

  it('skips no change, and repeats none but what was in flight', async () => {
    const rounds = scaled(5, 1);
    const seed = runSeed();
    const random = seededRandom(seed);
    // A batch with many changes of one user takes as many calls of SQS: it is the longest to be killed in. The pause keeps the backlog short.
    const stream = new HookStream({ url: relay.url, random, senders: 3, usersPerSender: 1, eventsPerRequest: 20, pauseMs: 600 });
    const kills: { readonly undelivered: number; readonly delivered: number }[] = [];
    let superseded = new Set<string>();
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
      kills.push({ undelivered: missing(stream, relay).length, delivered });
      const stopped = streaming.stop();
      await relay.startRelay();
      await stopped;
      superseded = await everythingDelivered(stream, relay, 120_000);
    }
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
    // A repeat is one whose first 2xx was not recorded when the relay was killed. What was recorded is dropped, so no log has two attempts.
    for (const [first] of repeated) expect(await attemptsOf(first!.id), `attempts recorded of ${first!.id}`).toEqual([1]);
    expectNothingStale(stream, relay);
    expectAccountedFor(stream, relay, superseded);
  }, 900_000);
});

/** The second part of a sequence. */
function offsetIn(sequence: string): number {
  return Number(sequence.split('-')[1]);
}
