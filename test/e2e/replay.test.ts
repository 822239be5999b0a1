import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { admin, ampleLimits, eventually, logEvent, sendHook, subscribe, type EventParts } from '../support/relay-client.ts';
import { freePort, scratchFolder, startRelayProcess, type RelayProcess } from '../support/relay-process.ts';
import { scaled } from '../support/scale.ts';
import type { Received } from '../support/webhook-receiver.ts';
import { isReplayed, TimedReceiver } from './replay-arrivals.ts';
import { aMoment, patientAttempts, replayBesideLiveTraffic, rooms, type ReplayAnswer } from './replay-beside-live.ts';

let scratch: ReturnType<typeof scratchFolder>;
let wanting: TimedReceiver;
let bystander: TimedReceiver;
let ids: { readonly wanting: string };
let relay: RelayProcess;

beforeEach(() => {
  scratch = scratchFolder();
  wanting = new TimedReceiver();
  bystander = new TimedReceiver();
});
afterEach(async () => {
  await relay.kill().catch(() => undefined);
  await Promise.all([wanting.close(), bystander.close()]);
  scratch.remove();
});

async function start(
  given: { args?: readonly string[]; environment?: Record<string, string> } = {},
  limits: { readonly limits: { readonly concurrency: number } } = ampleLimits,
): Promise<() => Promise<RelayProcess>> {
  const options = { dataDir: join(scratch.path, 'state'), port: await freePort(), ...given };
  relay = await startRelayProcess(options);
  const everything = { types: ['*'], orgs: ['acme'], ...limits };
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
    await sendHook(relay.url, [logEvent({ uuid, ...event })]);
    uuids.push(uuid);
  }
  return uuids;
}

const marked = (): Received[] => wanting.received.filter(isReplayed);
const uniqueIds = (received: readonly Received[]): string[] => [...new Set(received.map(({ id }) => id))];
const bothHave = (uuids: readonly string[]) =>
  eventually(
    () => uuids.filter((uuid) => !wanting.received.liveAtMs.has(uuid) || !bystander.received.liveAtMs.has(uuid)).length,
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

/** What the delivery log has of a change for the one that wants the replay, newest first. */
const rowsOf = async (change: string) =>
  (await admin<{ data: { replay?: string; status: string }[] }>(relay.url, `/v1/deliveries?change=${change}&subscription=${ids.wanting}`))
    .body.data;

const statuses = (userId: string): EventParts[] => [
  { userId, eventType: 'user.lifecycle.activate' },
  { userId, eventType: 'user.session.start' },
  { userId, eventType: 'user.lifecycle.deactivate' },
];

describe('a replay of a past window while live traffic flows', () => {
  it.each(rooms)(
    'sends exactly the range to the one subscription, beside live changes of the same people, with %s',
    async (_, concurrency) => {
      await start({ environment: patientAttempts }, { limits: { concurrency } });
      const { id } = await replayBesideLiveTraffic(
        { url: relay.url, subscription: ids.wanting, wanting, bystander, dataDir: relay.dataDir, concurrency },
        scaled(60, 20),
      );
      // In the delivery log it is a delivery of its own.
      const [replayed] = marked();
      const rows = await eventually(
        () => rowsOf(replayed?.id ?? ''),
        (found) => found.every(({ status }) => status === 'delivered'),
        { what: 'the record of the replayed webhook' },
      );
      expect(rows.map((delivery) => [delivery.replay, delivery.status])).toEqual([[id, 'delivered'], [undefined, 'delivered']]); // prettier-ignore
    },
  );

  it('does not send what is older than what was delivered since, unless it is asked for in full', async () => {
    await start();
    const from = await aMoment();
    const [activated = ''] = await send([{ userId: 'ana', eventType: 'user.lifecycle.activate' }]);
    const to = await aMoment();
    const [closed = ''] = await send([{ userId: 'ana', eventType: 'user.lifecycle.deactivate' }]);
    await bothHave([activated, closed]);
    await eventually(() => rowsOf(closed), ([row]) => row?.status === 'delivered', { what: 'the record of the newer one' }); // prettier-ignore

    expect(await done(await replay({ from, to }))).toMatchObject({ matched: 1, queued: 1 });
    await eventually(
      () => rowsOf(activated),
      (rows) => rows.some(({ status }) => status === 'superseded'),
      { what: 'the superseded delivery' },
    );
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
  /** One that is over before it is seen in the middle is followed by another of the same window. */
  async function killInTheMiddle(begin: () => Promise<string>): Promise<{ id: string; overBefore: string[] }> {
    const overBefore: string[] = [];
    while (overBefore.length < 5) {
      const id = await begin();
      const { status } = await eventually(
        () => progressOf(id),
        (seen) => seen.status === 'done' || (seen.queued > 0 && seen.partitions.some(({ next, end }) => next < end)),
        { what: 'the middle of the replay', everyMs: 1 },
      );
      if (status === 'running') {
        await relay.kill();
        return { id, overBefore };
      }
      overBefore.push(id);
    }
    throw new Error('each of five replays was over before the relay could be killed in its middle');
  }

  it('goes on with it when it is started again, and completes it', async () => {
    const count = scaled(1_000, 400);
    const again = await start();
    const from = await aMoment();
    const uuids: string[] = [];
    for (let at = 0; at < count; at += 50) {
      const events = Array.from({ length: 50 }, (_, index) => logEvent({ uuid: randomUUID(), userId: `user-${(at + index) % 40}`, eventType: 'user.session.start' })); // prettier-ignore
      await sendHook(relay.url, events);
      uuids.push(...events.map(({ uuid }) => String(uuid)));
    }
    const to = await aMoment();
    await bothHave(uuids);

    const { id, overBefore } = await killInTheMiddle(() => replay({ from, to }));
    const came = () => marked().filter(({ headers }) => headers['relay-replay'] === id);
    const atTheKill = uniqueIds(came()).length;
    relay = await again();
    expect(await done(id)).toMatchObject({ read: count, matched: count, queued: count });
    await eventually(
      () => uniqueIds(came()).length,
      (arrived) => arrived === count,
      { what: 'all of the replay', deadlineMs: 180_000 },
    );
    console.log(`replay: ${atTheKill} of ${count} had arrived at the kill, ${came().length - count} came twice`);
    expect(atTheKill).toBeLessThan(count);
    expect(uniqueIds(came()).toSorted()).toEqual(uuids.toSorted());
    expect(marked().every(({ verified, headers }) => verified && [id, ...overBefore].includes(headers['relay-replay'] ?? ''))).toBe(true);
  });
});
