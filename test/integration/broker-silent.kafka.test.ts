import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startTcpProxy, type TcpProxy } from '../lib/kafka/tcp-proxy.ts';
import { noKafka, sharedKafkaBrokers } from '../support/kafka-broker.ts';
import { scaled } from '../support/scale.ts';
import { runSeed, seededRandom } from '../support/seeded-random.ts';
import { answersFromNow, expectAnsweredInTime, slowestOf, untilLogInUse } from './answer-times.ts';
import { HookStream } from './hook-stream.ts';
import { startRelayOnKafka, type RelayOnKafka } from './relay-on-kafka.ts';
import { spooledChanges } from './until-settled.ts';
import { everythingDelivered, expectAccountedFor, expectNothingStale } from './what-must-hold.ts';

const hasKafka = sharedKafkaBrokers() !== undefined;

describe.skipIf(!hasKafka)(`the relay whose Kafka broker falls silent${hasKafka ? '' : ` (${noKafka})`}`, () => {
  let relay: RelayOnKafka;
  let proxy: TcpProxy;
  let parts: AsyncDisposableStack;
  beforeEach(() => {
    parts = new AsyncDisposableStack();
  });
  afterEach(() => parts.disposeAsync());
  async function start(properties: Record<string, number> = {}): Promise<void> {
    relay = await startRelayOnKafka({
      properties,
      async between(broker) {
        proxy = await startTcpProxy(broker);
        parts.defer(() => proxy.close());
        return proxy.broker;
      },
    });
    parts.defer(() => relay.stop());
  }

  it('goes on answering 200 in time while connections are taken and nothing is answered, and delivers all of it afterwards', async () => {
    const silentMs = scaled(45_000, 6_000);
    const seed = runSeed();
    const random = seededRandom(seed);
    await start();
    const stream = new HookStream({ url: relay.url, random, senders: 4, usersPerSender: 5, eventsPerRequest: 1, pauseMs: 300 });
    const streaming = stream.start();
    await delay(1_000);
    await proxy.set('hang');
    const [timed, connectionsBefore] = [answersFromNow(stream, relay), proxy.connections()];
    await delay(silentMs);
    const meanwhile = timed();
    const tried = proxy.connections() - connectionsBefore;
    await proxy.set('pass');
    const backAtMs = performance.now();
    await delay(1_000);
    await streaming.stop();
    const superseded = await everythingDelivered(stream, relay, 240_000);
    console.log(
      `broker silent for ${silentMs / 1000} s: seed ${seed}, ${meanwhile.answers.length} answers meanwhile, ${slowestOf(meanwhile)}, ` +
        `${tried} connections tried; ${stream.accepted.length} changes, ${spooledChanges(relay)} spooled, ${superseded.size} superseded, ` +
        `all delivered and quiet ${((performance.now() - backAtMs) / 1000).toFixed(1)} s after the broker spoke again`,
    );
    expectAnsweredInTime(meanwhile);
    expect(meanwhile.answers.length, 'answers while the broker is silent').toBeGreaterThan(silentMs / 1000);
    expect(spooledChanges(relay), 'changes in the spool').toBeGreaterThan(0);
    expectNothingStale(stream, relay);
    expectAccountedFor(stream, relay, superseded);
  }, 500_000);

  it('puts every request on the log in time when the broker closes the connection between each two', async () => {
    const requests = scaled(15, 4);
    // For which a busy machine had no time; more are a fault.
    const maxDetours = Math.ceil(requests / 5);
    // Kafka looks for idle connections when another one is busy, and closes one at a time.
    await start({ 'connections.max.idle.ms': 500 });
    const stream = new HookStream({ url: relay.url, random: () => 0, senders: 1, usersPerSender: 2, eventsPerRequest: 1, pauseMs: 1_500 });
    const sendOne = () => stream.sendMore(1);
    await untilLogInUse(relay, sendOne);
    const timed = answersFromNow(stream, relay);
    const producersBefore = proxy.requests(initProducerId);
    /** Of each request that went straight to the log: connections that were made for it. */
    const direct: number[] = [];
    let detours = 0;
    while (direct.length < requests && detours <= maxDetours) {
      const [spooled, connections] = [spooledChanges(relay), proxy.connections()];
      await sendOne();
      if (spooledChanges(relay) === spooled) direct.push(proxy.connections() - connections);
      else {
        detours += 1;
        await untilLogInUse(relay, sendOne);
      }
    }
    const superseded = await everythingDelivered(stream, relay, 60_000);

    const connections = direct.reduce((sum, made) => sum + made, 0);
    console.log(
      `connections closed when idle: ${direct.length} requests, ${connections} new connections, ${detours} more that went by the spool, ` +
        `${proxy.requests(initProducerId) - producersBefore} new producers, ${slowestOf(timed())}`,
    );
    expectAnsweredInTime(timed());
    expect(direct, 'requests that found the log at once').toHaveLength(requests);
    expect(connections, 'new connections').toBeGreaterThanOrEqual(requests);
    expectNothingStale(stream, relay);
    expectAccountedFor(stream, relay, superseded);
  }, 200_000);
});

/** Kafka's API key. */
const initProducerId = 22;
