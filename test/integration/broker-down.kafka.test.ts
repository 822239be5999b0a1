import { setTimeout as delay } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { noKafka, sharedKafkaBrokers } from '../support/kafka-broker.ts';
import { scaled } from '../support/scale.ts';
import { runSeed, seededRandom } from '../support/seeded-random.ts';
import { HookStream } from './hook-stream.ts';
import { startRelayOnKafka, type RelayOnKafka } from './relay-on-kafka.ts';
import { spooledChanges } from './until-settled.ts';
import { everythingDelivered, expectAccountedFor, expectNothingStale } from './what-must-hold.ts';

/** The contract with Okta (docs/architecture.md): an answer within 2.4 s of the request's own time. */
const answerMs = 2_400;
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
    const answeredBefore = stream.answers.length;
    await delay(downMs);
    const answers = stream.answers.slice(answeredBefore);
    await relay.startBroker();
    const backAtMs = performance.now();
    await delay(1_000);
    await streaming.stop();
    const superseded = await everythingDelivered(stream, relay, 240_000);
    const slowestMs = Math.max(...answers.map(({ tookMs }) => tookMs));
    console.log(
      `broker down for ${downMs / 1000} s: seed ${seed}, ${answers.length} answers meanwhile, slowest ${Math.round(slowestMs)} ms; ` +
        `${stream.accepted.length} changes, ${spooledChanges(relay)} spooled, ${superseded.size} superseded, ` +
        `all delivered and quiet ${((performance.now() - backAtMs) / 1000).toFixed(1)} s after the broker was back`,
    );
    expect(new Set(answers.map(({ status }) => status)), 'answers while the broker is down').toEqual(new Set([200]));
    expect(slowestMs, 'slowest answer while the broker is down').toBeLessThan(answerMs);
    expect(answers.length, 'answers while the broker is down').toBeGreaterThan(downMs / 1000);
    expectNothingStale(stream, relay);
    expectAccountedFor(stream, relay, superseded);
  }, 600_000);
});
