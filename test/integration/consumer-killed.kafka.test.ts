import { Kafka, logLevel, type Admin } from 'kafkajs';
import { setTimeout as delay } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { changeTopic } from '#lib/intake/change-log.ts';
import { partitionOfKey } from '#lib/kafka/partition-of-key.ts';
import { topics } from '#lib/kafka/topics.ts';
import { noKafka, sharedKafkaBrokers } from '../support/kafka-broker.ts';
import { admin as call, eventually } from '../support/relay-client.ts';
import { scaled } from '../support/scale.ts';
import type { Received } from '../support/webhook-receiver.ts';
import { runSeed, seededRandom } from '../support/seeded-random.ts';
import { HookStream } from './hook-stream.ts';
import { startRelayOnKafka, type RelayOnKafka } from './relay-on-kafka.ts';
import { committed, ends, spooledIds, sumOf, unreadRecords, type Offsets } from './until-settled.ts';
import { everythingDelivered, expectAccountedFor, expectNothingStale, missing } from './what-must-hold.ts';

/** How long one round may look for a batch that is half delivered. */
const findDeadlineMs = 60_000;
const hasKafka = sharedKafkaBrokers() !== undefined;

describe.skipIf(!hasKafka)(`the relay that is killed while it reads from Kafka${hasKafka ? '' : ` (${noKafka})`}`, () => {
  let relay: RelayOnKafka;
  let admin: Admin;
  beforeAll(async () => {
    const stack = new AsyncDisposableStack();
    relay = await startRelayOnKafka();
    stack.defer(() => relay.stop());
    admin = new Kafka({ brokers: [relay.brokers], logLevel: logLevel.NOTHING }).admin();
    stack.defer(() => admin.disconnect());
    await admin.connect();
    return () => stack.disposeAsync();
  });

  /** Webhooks of records that nobody committed: their batch was in hand, and it will be read again. In the order of their first arrival. */
  async function uncommitted(): Promise<readonly Received[]> {
    const offsets = await committed(admin);
    return relay.receiver.firstArrivals().filter(({ change }) => {
      const partition = partitionOfKey(change.partitionkey, topics[changeTopic].partitions);
      return offsetIn(change.sequence) >= (offsets.get(partition) ?? 0);
    });
  }

  /**
   * Kills the relay where it stands, in the middle of a batch: it is stopped for a look, and goes on when it has none in hand of which
   * something was delivered, and recorded as delivered, or when nothing is left to be delivered.
   */
  async function killMidBatch(stream: HookStream): Promise<Kill> {
    for (const endMs = Date.now() + findDeadlineMs; Date.now() < endMs;) {
      process.kill(relay.pid(), 'SIGSTOP');
      const delivered = await uncommitted();
      const recorded = allButTheLast(delivered);
      if (recorded.length > 0 && missing(stream, relay).length > 0) {
        await relay.killRelay();
        return { delivered: delivered.length, recorded, committed: await committed(admin), read: sumOf(relay, 'fan-out', 'records') };
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
    const stream = new HookStream({ url: relay.url, random, senders: 3, usersPerSender: 1, eventsPerRequest: 40, pauseMs: 1_000 });
    const kills: (Kill & { readonly undelivered: number; readonly owed: number; readonly readSince: number })[] = [];
    const dropped = (): string[] => {
      const arrivals = Map.groupBy(relay.receiver.received, ({ id }) => id);
      return kills.flatMap(({ recorded }) => recorded).filter((id) => arrivals.get(id)?.length === 1);
    };
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
      const kill = await killMidBatch(stream);
      const undelivered = missing(stream, relay).length;
      const stopped = streaming.stop();
      await relay.startRelay();
      await stopped;
      superseded = await everythingDelivered(stream, relay, 120_000);
      const owed = unreadRecords({ ends: await ends(admin), committed: kill.committed });
      kills.push({ ...kill, undelivered, owed, readSince: sumOf(relay, 'fan-out', 'records') - kill.read });
    }
    const { received } = relay.receiver;
    const repeated = [...Map.groupBy(received, ({ id }) => id).values()].filter((arrivals) => arrivals.length > 1);
    console.log(
      `consumer kill -9: seed ${seed}, ${kills.length} kills, undelivered/delivered of the batch in hand at each ` +
        `${kills.map((kill) => `${kill.undelivered}/${kill.delivered}`).join(', ')}; ${stream.accepted.length} changes, ` +
        `${repeated.length} arrived again with the same webhook-id, ${dropped().length} were read again and dropped, ` +
        `${superseded.size} superseded`,
    );
    expect(
      kills.every(({ undelivered }) => undelivered > 0),
      'something in flight at each kill',
    ).toBe(true);
    // All that was not committed went through fan-out after the kill, what had been delivered by then among it: dedupe had something to drop.
    for (const { readSince, owed } of kills) expect(readSince, 'records read after the kill').toBeGreaterThanOrEqual(owed);
    expect(dropped().length, 'delivered before a kill, read again, and dropped').toBeGreaterThan(0);
    // What fan-out reads again comes in order; only what came by the spool, on a machine too busy for the log, can come too late.
    const late = spooledIds(stream, relay);
    expect([...superseded].filter((id) => !late.has(id))).toEqual([]);
    // A repeat is one whose first 2xx was not recorded when the relay was killed. What was recorded is dropped, so no log has two attempts.
    for (const [first] of repeated) expect(await attemptsOf(first!.id), `attempts recorded of ${first!.id}`).toEqual([1]);
    expectNothingStale(stream, relay);
    expectAccountedFor(stream, relay, superseded);
  }, 900_000);
});

/** What was so when the relay was killed. */
interface Kill {
  /** How many changes had arrived whose records were not committed. */
  readonly delivered: number;
  /** The ids of those whose 2xx was on record. */
  readonly recorded: readonly string[];
  /** Where the next process reads on. */
  readonly committed: Offsets;
  /** Records that fan-out has said to have read, over all processes so far. */
  readonly read: number;
}

/** A lane sends one webhook at a time, and the next once the last is on record: of each user, the last alone may not be. */
function allButTheLast(delivered: readonly Received[]): string[] {
  return [...Map.groupBy(delivered, ({ change }) => change.partitionkey).values()].flatMap((lane) => lane.slice(0, -1).map(({ id }) => id));
}

/** The second part of a sequence. */
function offsetIn(sequence: string): number {
  return Number(sequence.split('-')[1]);
}
