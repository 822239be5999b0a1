import { setTimeout as delay } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { noKafka, sharedKafkaBrokers } from '../support/kafka-broker.ts';
import { scaled } from '../support/scale.ts';
import { runSeed, seededRandom } from '../support/seeded-random.ts';
import { answersFromNow, expectAnsweredInTime, slowestOf } from './answer-times.ts';
import { HookStream } from './hook-stream.ts';
import { startRelayOnKafka, type RelayOnKafka } from './relay-on-kafka.ts';
import { spooledChanges, spooledIds } from './until-settled.ts';
import { everythingDelivered, expectAccountedFor, expectNothingStale } from './what-must-hold.ts';

const hasKafka = sharedKafkaBrokers() !== undefined;

describe.skipIf(!hasKafka)(`the relay whose Kafka broker stays away${hasKafka ? '' : ` (${noKafka})`}`, () => {
  let relay: RelayOnKafka;
  beforeEach(async () => {
    relay = await startRelayOnKafka();
    return () => relay.stop();
  });

  it('goes on answering 200 in time while the broker is down, and delivers all of it afterwards', async () => {
    const downMs = scaled(120_000, 5_000);
    const seed = runSeed();
    const random = seededRandom(seed);
    const stream = new HookStream({ url: relay.url, random, senders: 4, usersPerSender: 5, eventsPerRequest: 1, pauseMs: 300 });
    const streaming = stream.start();
    await delay(1_000);
    await relay.killBroker();
    const timed = answersFromNow(stream, relay);
    await delay(downMs);
    const meanwhile = timed();
    await relay.startBroker();
    const backAtMs = performance.now();
    await delay(1_000);
    await streaming.stop();
    const superseded = await everythingDelivered(stream, relay, 240_000);
    console.log(
      `broker down for ${downMs / 1000} s: seed ${seed}, ${meanwhile.answers.length} answers meanwhile, ${slowestOf(meanwhile)}; ` +
        `${stream.accepted.length} changes, ${spooledChanges(relay)} spooled, ${superseded.size} superseded, ` +
        `all delivered and quiet ${((performance.now() - backAtMs) / 1000).toFixed(1)} s after the broker was back`,
    );
    expectAnsweredInTime(meanwhile);
    expect(meanwhile.answers.length, 'answers while the broker is down').toBeGreaterThan(downMs / 1000);
    const late = spooledIds(stream, relay);
    expect(late.size, 'changes that went by the spool').toBeGreaterThan(0);
    expect(
      [...superseded].filter((id) => !late.has(id)),
      'superseded though they went straight to the log',
    ).toEqual([]);
    expectNothingStale(stream, relay);
    expectAccountedFor(stream, relay, superseded);
  }, 600_000);
});
