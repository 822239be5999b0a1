import { setTimeout as delay } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { noKafka, sharedKafkaBrokers } from '../support/kafka-broker.ts';
import { eventually } from '../support/relay-client.ts';
import { scaled } from '../support/scale.ts';
import { runSeed, seededRandom } from '../support/seeded-random.ts';
import { HookStream } from './hook-stream.ts';
import { startRelayOnKafka, type RelayOnKafka } from './relay-on-kafka.ts';
import { spooledChanges } from './until-settled.ts';
import { everythingDelivered, expectAccountedFor, expectNothingStale, missing } from './what-must-hold.ts';

const hasKafka = sharedKafkaBrokers() !== undefined;

describe.skipIf(!hasKafka)(`the relay whose Kafka broker goes away${hasKafka ? '' : ` (${noKafka})`}`, () => {
  let relay: RelayOnKafka;
  beforeEach(async () => {
    relay = await startRelayOnKafka();
    return () => relay.stop();
  });

  it('delivers every change it answered 200, and nothing stale, when the broker is killed again and again', async () => {
    const rounds = scaled(20, 1);
    const seed = runSeed();
    const random = seededRandom(seed);
    const stream = new HookStream({ url: relay.url, random, senders: 6, usersPerSender: 5, eventsPerRequest: 1, pauseMs: 300 });
    const inFlight: string[] = [];
    const streaming = stream.start();
    for (let round = 0; inFlight.length < rounds && round < rounds * 2; round += 1) {
      await eventually(relay.logInUse, (inUse) => inUse, { what: 'a change on Kafka', deadlineMs: 60_000, everyMs: 100 });
      await delay(random() * 700);
      await eventually(
        () => stream.unanswered,
        (unanswered) => unanswered > 0,
        { what: 'a request in flight', everyMs: 1 },
      );
      const [unanswered, undelivered] = [stream.unanswered, missing(stream, relay).length];
      await relay.killBroker();
      if (unanswered > 0) inFlight.push(`${unanswered}+${undelivered}`);
      await delay(random() * 1_000);
      await relay.startBroker();
    }
    await streaming.stop();
    const superseded = await everythingDelivered(stream, relay, 240_000);
    console.log(
      `broker kill -9: seed ${seed}, ${inFlight.length} rounds, requests+webhooks in flight at each ${inFlight.join(', ')}; ` +
        `${stream.accepted.length} changes, answers ${stream.statuses()}, slowest ${Math.round(stream.slowestMs())} ms, ` +
        `${spooledChanges(relay)} spooled, ${superseded.size} superseded`,
    );
    expect(inFlight.length, 'rounds with requests in flight').toBeGreaterThanOrEqual(rounds);
    expect(spooledChanges(relay), 'changes in the spool').toBeGreaterThan(0);
    expectNothingStale(stream, relay);
    expectAccountedFor(stream, relay, superseded);
  }, 900_000);
});
