import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { noKafka, sharedKafkaBrokers } from '../support/kafka-broker.ts';
import { HookStream, type Answer } from './hook-stream.ts';
import { startRelayOnKafka, type RelayOnKafka } from './relay-on-kafka.ts';
import { spooledChanges } from './until-settled.ts';
import { everythingDelivered, expectAccountedFor, expectNothingStale } from './what-must-hold.ts';

const answerMs = 2_400;
const hasKafka = sharedKafkaBrokers() !== undefined;

/**
 * Between two requests Lambda may freeze an environment for minutes, and the broker has closed its sockets when it wakes up. Only that is shown here, and not
 * how long it took: the broker is killed and started again, so every socket is dead, while the relay runs idle or is stopped and cannot notice.
 */
describe.skipIf(!hasKafka)(`the relay after its Kafka broker closed all connections${hasKafka ? '' : ` (${noKafka})`}`, () => {
  let relay: RelayOnKafka;
  let stream: HookStream;
  const parts = new AsyncDisposableStack();
  beforeAll(async () => {
    relay = await startRelayOnKafka();
    parts.defer(() => relay.stop());
    stream = new HookStream({ url: relay.url, random: () => 0, senders: 1, usersPerSender: 2, eventsPerRequest: 1, pauseMs: 0 });
    await answerToOneMore();
  });
  afterAll(() => parts.disposeAsync());

  async function answerToOneMore(): Promise<Answer> {
    const goal = stream.accepted.length + 1;
    const before = stream.answers.length;
    await stream.start(() => stream.accepted.length >= goal).ended;
    return stream.answers[before]!;
  }

  async function expectAnswered(first: Answer): Promise<void> {
    const second = await answerToOneMore();
    const superseded = await everythingDelivered(stream, relay, 60_000);
    expect([first.status, second.status]).toEqual([200, 200]);
    expect(Math.max(first.tookMs, second.tookMs)).toBeLessThan(answerMs);
    // The broker is well: both requests found the log, and none went the long way by the spool.
    expect(spooledChanges(relay), 'changes in the spool').toBe(0);
    expectNothingStale(stream, relay);
    expectAccountedFor(stream, relay, superseded);
  }

  it('answers the next request 200 in time, and delivers it, when it was idle as they were closed', async () => {
    await relay.killBroker();
    await relay.startBroker();
    await expectAnswered(await answerToOneMore());
  });

  it('answers the next request 200 in time, and delivers it, when it was stopped as they were closed', async () => {
    process.kill(relay.pid(), 'SIGSTOP');
    await relay.killBroker();
    await relay.startBroker();
    await delay(2_000);
    process.kill(relay.pid(), 'SIGCONT');
    await expectAnswered(await answerToOneMore());
  });
});
