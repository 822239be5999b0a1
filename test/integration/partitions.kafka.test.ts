import { Kafka, logLevel, Partitioners } from 'kafkajs';
import { randomUUID } from 'node:crypto';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { changeTopic } from '#lib/intake/change-log.ts';
import { noKafka, sharedKafkaBrokers } from '../support/kafka-broker.ts';
import { admin, eventually, logEvent, sendHook } from '../support/relay-client.ts';
import { scaled } from '../support/scale.ts';
import { runSeed, seededRandom } from '../support/seeded-random.ts';
import { HookStream } from './hook-stream.ts';
import { startRelayOnKafka, type RelayOnKafka } from './relay-on-kafka.ts';
import { spooledChanges, spooledIds } from './until-settled.ts';
import { everythingDelivered, expectAccountedFor, expectNothingStale, missing } from './what-must-hold.ts';

const hasKafka = sharedKafkaBrokers() !== undefined;

/** Changes that are on their way at a time. */
const portion = 250;

interface QuarantineRow {
  readonly id: string;
  readonly org: string;
  readonly reason: string;
  readonly size: number;
}

describe.skipIf(!hasKafka)(`the relay on the partitions of a real topic${hasKafka ? '' : ` (${noKafka})`}`, () => {
  let relay: RelayOnKafka;
  let kafka: Kafka;
  beforeAll(async () => {
    relay = await startRelayOnKafka();
    kafka = new Kafka({ brokers: [relay.brokers], logLevel: logLevel.NOTHING });
    return () => relay.stop();
  });
  beforeEach(() => {
    relay.receiver.received.length = 0;
  });

  /** Records of each partition so far. */
  async function recordCounts(): Promise<number[]> {
    const client = kafka.admin();
    await client.connect();
    const offsets = await client.fetchTopicOffsets(changeTopic);
    await client.disconnect();
    return offsets.toSorted((a, b) => a.partition - b.partition).map(({ high }) => Number(high));
  }

  it('delivers thousands of changes over all twelve partitions, in order for each user', async () => {
    const count = scaled(10_000, 750);
    const seed = runSeed();
    const random = seededRandom(seed);
    const stream = new HookStream({ url: relay.url, random, senders: 10, usersPerSender: 24, eventsPerRequest: 5, pauseMs: 0 });
    const startedAtMs = performance.now();
    // In portions: a queue of thousands would keep one process that is everything at once from recording in time what it delivered.
    for (let goal = portion; stream.accepted.length < count; goal += portion) {
      await stream.start(() => stream.accepted.length >= Math.min(goal, count)).ended;
      await eventually(
        () => missing(stream, relay).length,
        (left) => left < portion / 2,
        { what: 'most of the portion', deadlineMs: 120_000 },
      );
    }
    const superseded = await everythingDelivered(stream, relay, 300_000);
    const counts = await recordCounts();
    console.log(
      `12 partitions: seed ${seed}, ${stream.accepted.length} changes of 240 users in ${((performance.now() - startedAtMs) / 1000).toFixed(1)} s, ` +
        `records by partition ${counts.join(', ')}; ${spooledChanges(relay)} spooled, errors of the functions: ${errorsLogged(relay)}`,
    );
    expect(counts).toHaveLength(12);
    expect(Math.min(...counts), 'records in the least used partition').toBeGreaterThan(0);
    // Only what came by the spool, on a machine too busy for the log, can come too late, or behind what was sent after it.
    const late = spooledIds(stream, relay);
    expect(
      [...superseded].filter((id) => !late.has(id)),
      'superseded though they went straight to the log',
    ).toEqual([]);
    const arrivals = relay.receiver.firstArrivals();
    // A 2xx that could not be recorded is the one thing that brings a webhook again, and each is an error in the log.
    expect(relay.receiver.received.length - arrivals.length, 'repeats').toBeLessThanOrEqual(errorsOf(relay, 'deliver').length);
    const straight = (changes: readonly { readonly id: string }[]): string[] => changes.map(({ id }) => id).filter((id) => !late.has(id));
    const arrivedByUser = Map.groupBy(arrivals, ({ change }) => change.data.user?.id);
    const sentByUser = Map.groupBy(stream.accepted, (change) => change.userId);
    for (const [userId, sent] of sentByUser)
      expect(straight(arrivedByUser.get(userId) ?? []), `order of ${userId}`).toEqual(straight(sent));
    expectNothingStale(stream, relay);
    expectAccountedFor(stream, relay, superseded);
  }, 900_000);

  it('puts poisoned records into quarantine with their reason, and their partition moves on', async () => {
    const partition = await partitionOf('00upoisoned');
    const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
    await producer.connect();
    await producer.send({
      topic: changeTopic,
      messages: [
        { partition, key: 'acme:00upoisoned', value: Buffer.from([0xff, 0xfe, 0x00]) },
        { partition, key: 'acme:00upoisoned', value: null },
        { partition, key: null, value: JSON.stringify({ specversion: '1.0', id: 'not a change' }) },
      ],
    });
    await producer.disconnect();

    const id = await sendFor('00upoisoned');

    await eventually(
      () => relay.receiver.received.map((received) => received.id),
      (ids) => ids.includes(id),
      { what: 'the change behind the poison' },
    );
    const { body } = await admin<{ data: QuarantineRow[] }>(relay.url, '/v1/quarantine');
    expect(body.data.map(({ org, reason, size }) => ({ org, reason, size })).toSorted((a, b) => a.size - b.size)).toEqual([
      { org: 'acme', reason: 'record-unreadable', size: 0 },
      { org: 'acme', reason: 'record-unreadable', size: 3 },
      { org: 'unknown', reason: 'record-unreadable', size: 41 },
    ]);
  });

  async function sendFor(userId: string): Promise<string> {
    const id = randomUUID();
    await sendHook(relay.url, [logEvent({ uuid: id, userId })]);
    return id;
  }

  /** Seen from where a change of that user went. */
  async function partitionOf(userId: string): Promise<number> {
    const before = await recordCounts();
    await sendFor(userId);
    // Not at once where it took the way by the spool.
    const after = await eventually(recordCounts, (counts) => counts.some((count, partition) => count > before[partition]!), {
      what: `a record of ${userId}`,
    });
    return after.findIndex((count, partition) => count > before[partition]!);
  }
});

function errorsOf(relay: RelayOnKafka, name: string): string[] {
  return relay
    .logLines(name)
    .flatMap((line) => ((line['errors'] ?? []) as { code?: string }[]).map(({ code }) => `${name} ${code ?? 'UNKNOWN'}`));
}

/** `deliver DELIVERY_STORE_UNAVAILABLE: 2`, or `none` */
function errorsLogged(relay: RelayOnKafka): string {
  const errors = ['receive-hook', 'fan-out', 'deliver'].flatMap((name) => errorsOf(relay, name));
  return [...Map.groupBy(errors, (error) => error)].map(([error, list]) => `${error}: ${list.length}`).join(', ') || 'none';
}
