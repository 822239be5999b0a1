import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startTcpProxy, type TcpProxy } from '../lib/kafka/tcp-proxy.ts';
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
    const [answeredBefore, connectionsBefore] = [stream.answers.length, proxy.connections()];
    await delay(silentMs);
    const answers = stream.answers.slice(answeredBefore);
    const tried = proxy.connections() - connectionsBefore;
    await proxy.set('pass');
    const backAtMs = performance.now();
    await delay(1_000);
    await streaming.stop();
    const superseded = await everythingDelivered(stream, relay, 240_000);
    const slowestMs = Math.max(...answers.map(({ tookMs }) => tookMs));
    console.log(
      `broker silent for ${silentMs / 1000} s: seed ${seed}, ${answers.length} answers meanwhile, slowest ${Math.round(slowestMs)} ms, ` +
        `${tried} connections tried; ${stream.accepted.length} changes, ${spooledChanges(relay)} spooled, ${superseded.size} superseded, ` +
        `all delivered and quiet ${((performance.now() - backAtMs) / 1000).toFixed(1)} s after the broker spoke again`,
    );
    expect(new Set(answers.map(({ status }) => status)), 'answers while the broker is silent').toEqual(new Set([200]));
    expect(slowestMs, 'slowest answer while the broker is silent').toBeLessThan(answerMs);
    expect(answers.length, 'answers while the broker is silent').toBeGreaterThan(silentMs / 1000);
    expect(spooledChanges(relay), 'changes in the spool').toBeGreaterThan(0);
    expectNothingStale(stream, relay);
    expectAccountedFor(stream, relay, superseded);
  }, 500_000);

  it('puts every request on the log in time when the broker closes the connection between each two', async () => {
    const requests = scaled(15, 4);
    // Kafka looks for idle connections when another one is busy, and closes one at a time.
    await start({ 'connections.max.idle.ms': 500 });
    const stream = new HookStream({ url: relay.url, random: () => 0, senders: 1, usersPerSender: 2, eventsPerRequest: 1, pauseMs: 1_500 });
    await stream.start(() => stream.accepted.length >= 1).ended;
    const before = proxy.requests(initProducerId);
    const connectionsBefore = proxy.connections();
    await stream.start(() => stream.accepted.length >= 1 + requests).ended;
    const superseded = await everythingDelivered(stream, relay, 60_000);

    console.log(
      `connections closed when idle: ${requests} requests, ${proxy.connections() - connectionsBefore} new connections, ` +
        `${proxy.requests(initProducerId) - before} new producers, slowest answer ${Math.round(stream.slowestMs())} ms`,
    );
    expect(stream.statuses()).toBe(`200: ${requests + 1}`);
    expect(stream.slowestMs()).toBeLessThan(answerMs);
    expect(spooledChanges(relay), 'changes in the spool').toBe(0);
    expect(proxy.connections() - connectionsBefore, 'new connections').toBeGreaterThanOrEqual(requests);
    expectNothingStale(stream, relay);
    expectAccountedFor(stream, relay, superseded);
  }, 200_000);
});

/** Kafka's API key. */
const initProducerId = 22;
