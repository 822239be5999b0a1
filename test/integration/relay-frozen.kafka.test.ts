import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { noKafka, sharedKafkaBrokers } from '../support/kafka-broker.ts';
import { answersFromNow, expectAnsweredInTime, untilLogInUse } from './answer-times.ts';
import { HookStream } from './hook-stream.ts';
import { startRelayOnKafka, type RelayOnKafka } from './relay-on-kafka.ts';
import { spooledChanges } from './until-settled.ts';
import { everythingDelivered, expectAccountedFor, expectNothingStale } from './what-must-hold.ts';

/** On a busy machine the log has no time for a request now and then, and it goes by the spool: the relay may try so often. */
const maxRounds = 3;
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
  });
  afterAll(() => parts.disposeAsync());

  async function expectAnsweredAfter(closeConnections: () => Promise<void>): Promise<void> {
    const timed = answersFromNow(stream, relay);
    const bySpool: number[] = [];
    while (bySpool.length < maxRounds && bySpool.at(-1) !== 0) {
      await untilLogInUse(relay, () => stream.sendMore(1));
      const before = spooledChanges(relay);
      await closeConnections();
      await stream.sendMore(1);
      await stream.sendMore(1);
      bySpool.push(spooledChanges(relay) - before);
    }
    const superseded = await everythingDelivered(stream, relay, 60_000);
    expectAnsweredInTime(timed());
    // The broker is well: both requests found the log, and none went the long way by the spool.
    expect(bySpool.at(-1), `changes in the spool, by round: ${bySpool.join(', ')}`).toBe(0);
    expectNothingStale(stream, relay);
    expectAccountedFor(stream, relay, superseded);
  }

  it('answers the next request 200 in time, and delivers it, when it was idle as they were closed', async () => {
    await expectAnsweredAfter(async () => {
      await relay.killBroker();
      await relay.startBroker();
    });
  });

  it('answers the next request 200 in time, and delivers it, when it was stopped as they were closed', async () => {
    await expectAnsweredAfter(async () => {
      process.kill(relay.pid(), 'SIGSTOP');
      await relay.killBroker();
      await relay.startBroker();
      await delay(2_000);
      process.kill(relay.pid(), 'SIGCONT');
    });
  });
});
