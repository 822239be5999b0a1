import { randomUUID } from 'node:crypto';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { hookBody, oktaEvent } from '../lib/intake/events.ts';
import type { BatchEntry } from '../support/aws-fault-proxy.ts';
import { noKafka, sharedKafkaBrokers } from '../support/kafka-broker.ts';
import { eventually } from '../support/relay-client.ts';
import { startTcpProxy, type TcpProxy } from '../lib/kafka/tcp-proxy.ts';
import { answerMs } from './answer-times.ts';
import { startFunctionsOnKafka, type FunctionsOnKafka } from './functions-on-kafka.ts';

const users = 24;
const hasKafka = sharedKafkaBrokers() !== undefined;

let parts: FunctionsOnKafka;
const down = { kind: 'hang-up', done: false } as const;
const cutSqs = () => parts.sqs.inject(() => down);
const restoreSqs = () => parts.sqs.inject(() => undefined);

/** Events of Ana's, later and later. */
function anaEvents(count: number): { ids: string[]; body: string } {
  return eventsOf(Array.from({ length: count }, () => '00uAna'));
}

function eventsOf(userIds: readonly string[]): { ids: string[]; body: string } {
  const events = userIds.map((id, index) =>
    oktaEvent(randomUUID(), {
      published: new Date(Date.parse('2026-11-21T11:00:00.000Z') + index).toISOString(),
      target: [{ id, type: 'User', alternateId: 'ana@example.com', displayName: 'Ana Ito' }],
    }),
  );
  return { ids: events.map(({ uuid }) => uuid), body: hookBody(events) };
}

/** Every change is on the queue once, each user's in order. */
async function expectDeliveries(ids: readonly string[]): Promise<void> {
  const taken = await allTaken(ids.length);
  expect(taken.map(({ change }) => change.id).toSorted()).toEqual(ids.toSorted());
  for (const [user, ofUser] of Map.groupBy(taken, ({ change }) => change.partitionkey))
    expect(
      ofUser.map(({ change }) => ids.indexOf(change.id)),
      user,
    ).toEqual(ofUser.map(({ change }) => ids.indexOf(change.id)).toSorted((a, b) => a - b));
}

type HookAnswer = Awaited<ReturnType<FunctionsOnKafka['receiveHook']>>;

/** Sends the same bytes again until they are taken, as Okta does after a 503: what has just come back may not do it in time at once. Answers of all tries. */
async function untilTaken(body: string): Promise<HookAnswer[]> {
  const answers: HookAnswer[] = [];
  await eventually(
    async () => {
      answers.push(await parts.receiveHook(body));
      return answers.at(-1)?.statusCode;
    },
    (status) => status !== 503,
    { what: 'an answer but 503 once there is a place for the changes', everyMs: 500 },
  );
  expect(answers.at(-1)?.statusCode).toBe(200);
  return answers;
}

/** What a busy machine had no time to put on the log is in the spool: it is put there before anything goes down. */
async function take(body: string): Promise<void> {
  await untilTaken(body);
  await parts.respool();
}

async function allTaken(count: number) {
  const taken = await parts.takeDeliveries();
  return eventually(
    async () => {
      taken.push(...(await parts.takeDeliveries()));
      return taken;
    },
    (all) => all.length >= count,
    { what: `${count} deliveries on the queue` },
  );
}

/** After an answer that named an offset, the partition was read from there, whatever had happened; never from anywhere else. */
function expectResumedWhereNamed(): number {
  const byPartition = Map.groupBy(parts.tried, ({ partition }) => partition);
  const pairs = [...byPartition.values()].flatMap((tries) => tries.slice(1).map((next, index) => ({ next, before: tries[index]! })));
  const resumed = pairs.filter(({ before }) => before.resumeAt !== undefined);
  expect(resumed.map(({ next }) => next.firstOffset)).toEqual(resumed.map(({ before }) => before.resumeAt));
  return resumed.length;
}

describe.skipIf(!hasKafka)(`receive-hook without Kafka and without its spool${hasKafka ? '' : ` (${noKafka})`}`, () => {
  beforeEach(async () => {
    parts = await startFunctionsOnKafka();
    return () => parts.stop();
  });

  it.each(['the broker', 'the queue'] as const)(
    'answers 503 in time while broker and queue are down, and takes the request sent again once %s is back',
    async (back) => {
      const [before, lost] = [anaEvents(2), anaEvents(3)];
      await take(before.body);
      await parts.killBroker();
      cutSqs();

      const refused = [await parts.receiveHook(lost.body), await parts.receiveHook(lost.body)];
      if (back === 'the broker') await parts.startBroker();
      else restoreSqs();
      const again = await untilTaken(lost.body);

      expect(refused.map(({ statusCode }) => statusCode)).toEqual([503, 503]);
      expect(Math.max(...[...refused, ...again].map(({ tookMs }) => tookMs))).toBeLessThan(answerMs);
      if (back === 'the broker') restoreSqs();
      else await parts.startBroker();
      await parts.respool();
      const polling = await parts.pollForFanOut();
      await expectDeliveries([...before.ids, ...lost.ids]);
      await polling.stop();
    },
  );
});

describe.skipIf(!hasKafka)(`receive-hook whose Kafka and whose spool fall silent${hasKafka ? '' : ` (${noKafka})`}`, () => {
  let kafka: TcpProxy;
  beforeEach(async () => {
    const stack = new AsyncDisposableStack();
    parts = await startFunctionsOnKafka(async (broker) => {
      kafka = await startTcpProxy(broker);
      stack.defer(() => kafka.close());
      return kafka.broker;
    });
    stack.defer(() => parts.stop());
    return () => stack.disposeAsync();
  });

  it('answers 503 in time while neither says anything, not on the connection in use either, and takes the request sent again', async () => {
    const [before, lost] = [anaEvents(2), anaEvents(3)];
    await take(before.body);
    await kafka.set('hang');
    parts.sqsLine.silence();

    const refused = [await parts.receiveHook(lost.body), await parts.receiveHook(lost.body)];
    await kafka.set('pass');
    parts.sqsLine.restore();
    const again = await untilTaken(lost.body);

    expect(refused.map(({ statusCode }) => statusCode)).toEqual([503, 503]);
    // Each in time, and the first only after both had been waited for.
    expect(Math.max(...[...refused, ...again].map(({ tookMs }) => tookMs))).toBeLessThan(answerMs);
    expect(refused[0]?.tookMs).toBeGreaterThan(1_000);
    await parts.respool();
    const polling = await parts.pollForFanOut();
    await expectDeliveries([...before.ids, ...lost.ids]);
    await polling.stop();
  });
});

describe.skipIf(!hasKafka)(`fan-out that reads from Kafka and cannot go on${hasKafka ? '' : ` (${noKafka})`}`, () => {
  beforeAll(async () => {
    parts = await startFunctionsOnKafka();
    return () => parts.stop();
  });
  beforeEach(() => {
    parts.tried.length = 0;
  });

  it.each(['SQS', 'DynamoDB'] as const)(
    'loses nothing in an outage of %s, and reads each partition on from the named offset',
    async (what) => {
      const sent = eventsOf(Array.from({ length: users * 3 }, (_, index) => `00u${index % users}`));
      await take(sent.body);
      if (what === 'SQS') cutSqs();
      else parts.dynamodb.cut();
      const polling = await parts.pollForFanOut();
      await eventually(
        () => parts.tried.filter(({ resumeAt }) => resumeAt !== undefined).length,
        (failed) => failed >= 30,
        { what: 'failed attempts', deadlineMs: 60_000 },
      );
      expect(await parts.takeDeliveries()).toEqual([]);

      if (what === 'SQS') restoreSqs();
      else parts.dynamodb.restore();

      await expectDeliveries(sent.ids);
      await polling.stop();
      expect(expectResumedWhereNamed()).toBeGreaterThanOrEqual(12);
    },
    120_000,
  );

  it('reads a partition again from the record that the queue did not take, while the others go on', async () => {
    const sent = eventsOf(Array.from({ length: users * 3 }, (_, index) => `00u${index % users}`));
    const stuck = sent.ids[users + 5]!;
    await take(sent.body);
    parts.sqs.inject(() => ({
      kind: 'entries',
      fails: (entry: BatchEntry) => (entry.MessageBody.includes(stuck) ? { Code: 'InternalError', SenderFault: false } : undefined),
    }));
    const polling = await parts.pollForFanOut();
    await eventually(
      () => parts.tried.filter(({ resumeAt }) => resumeAt !== undefined).length,
      (failed) => failed >= 3,
      { what: 'failed attempts', deadlineMs: 60_000 },
    );
    restoreSqs();

    await expectDeliveries(sent.ids);
    await polling.stop();
    expect(expectResumedWhereNamed()).toBeGreaterThanOrEqual(3);
    expect(new Set(parts.tried.flatMap(({ partition, resumeAt }) => (resumeAt === undefined ? [] : [partition]))).size).toBe(1);
  }, 120_000);
});
