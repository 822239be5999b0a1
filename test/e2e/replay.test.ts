import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { noKafka, sharedKafkaBrokers, startKafkaBroker } from '../support/kafka-broker.ts';
import { admin, eventually, hookBody, logEvent, postHook, subscribe, type EventParts } from '../support/relay-client.ts';
import { freePort, scratchFolder, startRelayProcess, type RelayProcess } from '../support/relay-process.ts';
import { scaled } from '../support/scale.ts';
import { WebhookReceiver, type Received } from '../support/webhook-receiver.ts';

interface ReplayAnswer {
  readonly id: string;
  readonly status: string;
  readonly read: number;
  readonly matched: number;
  readonly queued: number;
  readonly partitions: { readonly next: number }[];
}

let scratch: ReturnType<typeof scratchFolder>;
let wanting: WebhookReceiver;
let bystander: WebhookReceiver;
let ids: { readonly wanting: string };
let relay: RelayProcess;

beforeEach(() => {
  scratch = scratchFolder();
  wanting = new WebhookReceiver();
  bystander = new WebhookReceiver();
});
afterEach(async () => {
  await relay.kill().catch(() => undefined);
  await Promise.all([wanting.close(), bystander.close()]);
  scratch.remove();
});

async function start(given: { args?: readonly string[]; environment?: Record<string, string> } = {}): Promise<() => Promise<RelayProcess>> {
  const options = { dataDir: join(scratch.path, 'state'), port: await freePort(), ...given };
  relay = await startRelayProcess(options);
  const everything = { types: ['*'], orgs: ['acme'] };
  const one = await subscribe(relay.url, { name: 'wanting', url: await wanting.listen(), ...everything });
  const other = await subscribe(relay.url, { name: 'bystander', url: await bystander.listen(), ...everything });
  wanting.trust(one.secret);
  bystander.trust(other.secret);
  ids = { wanting: one.id };
  return () => startRelayProcess(options);
}

/** Sends them one after the other; answers their uuids. */
async function send(events: readonly EventParts[]): Promise<string[]> {
  const uuids: string[] = [];
  for (const event of events) {
    const uuid = randomUUID();
    expect((await postHook(relay.url, hookBody([logEvent({ uuid, ...event })]))).status).toBe(200);
    uuids.push(uuid);
  }
  return uuids;
}

const marked = (): Received[] => wanting.received.filter(({ headers }) => headers['relay-replay'] !== undefined);
const live = (receiver: WebhookReceiver): string[] =>
  receiver.received.filter(({ headers }) => headers['relay-replay'] === undefined).map(({ id }) => id);
const uniqueIds = (received: readonly Received[]): string[] => [...new Set(received.map(({ id }) => id))];
const bothHave = (uuids: readonly string[]) =>
  eventually(
    () => uuids.filter((uuid) => !live(wanting).includes(uuid) || !live(bystander).includes(uuid)).length,
    (missing) => missing === 0,
    { what: 'every live webhook', deadlineMs: 60_000 },
  );

async function replay(body: Record<string, unknown>): Promise<string> {
  const answer = await admin<ReplayAnswer>(relay.url, '/v1/replays', {
    method: 'POST',
    body: JSON.stringify({ subscription: ids.wanting, ...body }),
  });
  expect(answer).toMatchObject({ status: 202, body: { status: 'queued', read: 0 } });
  return answer.body.id;
}
const progressOf = async (id: string): Promise<ReplayAnswer> => (await admin<ReplayAnswer>(relay.url, `/v1/replays/${id}`)).body;
const done = (id: string): Promise<ReplayAnswer> =>
  eventually(
    () => progressOf(id),
    ({ status }) => status === 'done',
    { what: 'the end of the replay', deadlineMs: 90_000, everyMs: 100 },
  );

/** Before everything sent from now on, and after everything that was. */
async function aMoment(): Promise<string> {
  const at = Date.now() + 2;
  await eventually(
    () => Date.now(),
    (now) => now > at + 1,
    { what: 'the next moment', everyMs: 1 },
  );
  return new Date(at).toISOString();
}

const statuses = (userId: string): EventParts[] => [
  { userId, eventType: 'user.lifecycle.activate' },
  { userId, eventType: 'user.session.start' },
  { userId, eventType: 'user.lifecycle.deactivate' },
];

async function replaysExactlyTheRange(): Promise<void> {
  const before = await send(statuses('ana'));
  const from = await aMoment();
  const inside = await send([...statuses('ana'), ...statuses('bo')]);
  const to = await aMoment();
  const after = await send([{ userId: 'cy', eventType: 'user.lifecycle.activate' }]);
  await bothHave([...before, ...inside, ...after]);

  // Live changes of the same people, while the replay runs.
  const streaming = send(
    Array.from({ length: 40 }, (_, turn) => ({ userId: turn % 2 === 0 ? 'ana' : 'bo', eventType: 'user.session.start' })),
  );
  const id = await replay({ from, to });
  const streamed = await streaming;
  const progress = await done(id);
  // In each person's window: the session is a fact, and of the two status changes the deactivation is the newest.
  const expected = [inside[1], inside[2], inside[4], inside[5]];
  await eventually(
    () => marked().length,
    (count) => count >= expected.length,
    { what: 'the replayed webhooks' },
  );
  await bothHave(streamed);

  expect(
    marked()
      .map(({ id: uuid }) => uuid)
      .toSorted(),
  ).toEqual(expected.toSorted());
  expect(marked().every(({ verified, headers }) => verified && headers['relay-replay'] === id)).toBe(true);
  expect(progress).toMatchObject({ read: 6, matched: 6, queued: 4, skipped: 0, error: null });
  expect(bystander.received.filter(({ headers }) => headers['relay-replay'] !== undefined)).toEqual([]);
  // The live lanes: each change once, in the order it was sent.
  const all = [...before, ...inside, ...after, ...streamed];
  for (const receiver of [wanting, bystander]) {
    const byUser = Map.groupBy(live(receiver), (uuid) => receiver.received.find((one) => one.id === uuid)?.change.data.user?.id);
    for (const uuids of byUser.values()) expect(uuids).toEqual(all.filter((uuid) => uuids.includes(uuid)));
    expect(live(receiver).toSorted()).toEqual(all.toSorted());
  }
  // In the delivery log it is a delivery of its own.
  const { body } = await admin<{ data: { replay?: string; status: string }[] }>(
    relay.url,
    `/v1/deliveries?change=${inside[2]}&subscription=${ids.wanting}`,
  );
  expect(body.data.map((delivery) => [delivery.replay, delivery.status])).toEqual([[id, 'delivered'], [undefined, 'delivered']]); // prettier-ignore
}

describe('a replay of a past window while live traffic flows', () => {
  it('sends exactly the range, to the one subscription, marked and signed, and leaves the live lanes in order', async () => {
    await start();
    await replaysExactlyTheRange();
  });

  it('does not send what is older than what was delivered since, unless it is asked for in full', async () => {
    await start();
    const from = await aMoment();
    const [activated = ''] = await send([{ userId: 'ana', eventType: 'user.lifecycle.activate' }]);
    const to = await aMoment();
    const [closed = ''] = await send([{ userId: 'ana', eventType: 'user.lifecycle.deactivate' }]);
    await bothHave([activated, closed]);

    expect(await done(await replay({ from, to }))).toMatchObject({ matched: 1, queued: 1 });
    const log = () => admin<{ data: { status: string }[] }>(relay.url, `/v1/deliveries?change=${activated}&subscription=${ids.wanting}`);
    await eventually(log, ({ body }) => body.data.some(({ status }) => status === 'superseded'), { what: 'the superseded delivery' });
    expect(marked()).toEqual([]);

    await done(await replay({ from, to, full: true }));
    await eventually(
      () => marked().length,
      (count) => count > 0,
      { what: 'the replay in full' },
    );
    expect(marked().map(({ id }) => id)).toEqual([activated]);
  });

  it('is narrowed by types and user without bringing back what was taken away', async () => {
    await start();
    const from = await aMoment();
    const uuids = await send([...statuses('ana'), ...statuses('bo'), { userId: 'cy', eventType: 'user.lifecycle.activate' }]);
    const to = await aMoment();
    await bothHave(uuids);
    const types = ['identity.user.activated'];
    expect(await done(await replay({ from, to, types }))).toMatchObject({ read: 7, matched: 3, queued: 1 });
    await eventually(
      () => marked().length,
      (count) => count > 0,
      { what: 'the replay' },
    );
    expect(marked().map(({ id }) => id)).toEqual([uuids[6]]);
    expect(await done(await replay({ from, to, user: 'bo' }))).toMatchObject({ read: 7, matched: 3, queued: 2 });
  });
});

describe('a relay that is killed in the middle of a replay', () => {
  it('goes on with it when it is started again, and completes it', async () => {
    const count = scaled(2_000, 400);
    const again = await start();
    const from = await aMoment();
    const uuids: string[] = [];
    for (let at = 0; at < count; at += 50) {
      const events = Array.from({ length: 50 }, (_, index) => logEvent({ uuid: randomUUID(), userId: `user-${(at + index) % 40}`, eventType: 'user.session.start' })); // prettier-ignore
      expect((await postHook(relay.url, hookBody(events))).status).toBe(200);
      uuids.push(...events.map(({ uuid }) => String(uuid)));
    }
    const to = await aMoment();
    await bothHave(uuids);

    const id = await replay({ from, to });
    await eventually(
      () => marked().length,
      (arrived) => arrived > 0,
      { what: 'the first of the replay', everyMs: 1 },
    );
    await relay.kill();
    const atTheKill = uniqueIds(marked()).length;
    relay = await again();
    expect(await done(id)).toMatchObject({ read: count, matched: count, queued: count });
    await eventually(
      () => uniqueIds(marked()).length,
      (arrived) => arrived === count,
      { what: 'all of the replay', deadlineMs: 90_000 },
    );
    console.log(`replay: ${atTheKill} of ${count} had arrived at the kill, ${marked().length - count} came twice`);
    expect(atTheKill).toBeLessThan(count);
    expect(uniqueIds(marked()).toSorted()).toEqual(uuids.toSorted());
    expect(marked().every(({ verified, headers }) => verified && headers['relay-replay'] === id)).toBe(true);
  });
});

describe('a replay from Apache Kafka', () => {
  it('sends exactly the range while live traffic flows', async (context) => {
    if (sharedKafkaBrokers() === undefined) return context.skip(noKafka);
    // A broker of its own: two relays at one broker are one consumer group and share its partitions.
    const broker = await startKafkaBroker({ dataDir: join(scratch.path, 'kafka') });
    try {
      await start({ environment: { KAFKA_BROKERS: broker.brokers } });
      await replaysExactlyTheRange();
    } finally {
      await relay.kill();
      await broker.stop();
    }
  }, 120_000);
});
