import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import { changeTopic } from '#lib/intake/change-log.ts';
import { partitionOfKey } from '#lib/kafka/partition-of-key.ts';
import { topics } from '#lib/kafka/topics.ts';
import { defaultConcurrency } from '#lib/subscriptions/subscription.ts';
import { admin, eventually, logEvent, sendHook, type EventParts } from '../support/relay-client.ts';
import { logLinesIn, repeatsAllowedBy } from '../support/relay-log.ts';
import { isReplayed, type TimedReceiver } from './replay-arrivals.ts';
import { LiveStream, type MovedState } from './replay-live-stream.ts';

export interface ReplayAnswer {
  readonly id: string;
  readonly status: string;
  readonly error: string | null;
  readonly read: number;
  readonly matched: number;
  readonly queued: number;
  readonly gone: number;
  readonly partitions: readonly { readonly partition: number; readonly start: number; readonly end: number; readonly next: number }[];
}

/** A relay with two subscribers to everything, each with its receiver; the replay is for `wanting`. */
export interface Scene {
  readonly url: string;
  readonly subscription: string;
  readonly wanting: TimedReceiver;
  readonly bystander: TimedReceiver;
  /** The folder of the relay's state, with its log lines. */
  readonly dataDir: string;
  /** Requests at a time, of its subscription. */
  readonly concurrency: number;
}

/** By half of the first the replay is held up: local mode has more invocations than that for what is sent again. Of the second it never has half in hand. */
export const rooms = [
  ['the room that everybody has, of which the replay takes half at most', defaultConcurrency],
  ['as much room as there can be', 100],
] as const;

/** Live changes that are sent and arrive, at least, while the subscriber answers nothing that the replay brings. */
const besideHeld = 8;
const senders = 4;
/** As long as the relay lets a subscriber take: nothing that is held is given up while a slow machine brings those few live changes. */
export const patientAttempts = { ATTEMPT_TIMEOUT_MS: '25000' } as const;
interface Happening {
  readonly id: string;
  readonly stateKey: string | undefined;
}

/** What the window holds of one person: of two states the second change is the newest, and two facts. */
const story: readonly { eventType: string; groupId?: string; state?: 'status' | 'member' }[] = [
  { eventType: 'user.lifecycle.activate', state: 'status' },
  { eventType: 'group.user_membership.add', groupId: '00g1eng', state: 'member' },
  { eventType: 'user.session.start' },
  { eventType: 'user.lifecycle.deactivate', state: 'status' },
  { eventType: 'group.user_membership.remove', groupId: '00g1eng', state: 'member' },
  { eventType: 'user.session.start' },
];

/** Tells one request's events apart by their time, as Okta's are. */
async function tell(url: string, userId: string, events: readonly (typeof story)[number][]): Promise<Happening[]> {
  const firstMs = Date.now() - events.length;
  const happenings = events.map(({ eventType, groupId, state }, index) => {
    const uuid = randomUUID();
    const parts: EventParts = { uuid, userId, eventType, published: new Date(firstMs + index).toISOString() };
    const event = logEvent(groupId === undefined ? parts : { ...parts, groupId });
    return { event, id: uuid, stateKey: state === undefined ? undefined : `${userId} ${state}` };
  });
  await sendHook(
    url,
    happenings.map(({ event }) => event),
  );
  return happenings.map(({ id, stateKey }) => ({ id, stateKey }));
}

/** An invented id whose changes go to that partition. */
function userOfPartition(partition: number, index: number): string {
  for (let attempt = 0; ; attempt += 1) {
    const id = `00u${index}beside${attempt}`;
    if (partitionOfKey(`acme:${id}`, topics[changeTopic].partitions) === partition) return id;
  }
}

/** Before everything sent from now on, and after everything that was. */
export async function aMoment(): Promise<string> {
  const at = Date.now() + 2;
  await eventually(
    () => Date.now(),
    (now) => now > at + 1,
    { what: 'the next moment', everyMs: 1 },
  );
  return new Date(at).toISOString();
}

async function arrivedAtBoth({ wanting, bystander }: Scene, ids: readonly string[]): Promise<void> {
  await eventually(
    () => ids.filter((id) => !wanting.received.liveAtMs.has(id) || !bystander.received.liveAtMs.has(id)).length,
    (missing) => missing === 0,
    { what: 'every live webhook at both subscribers', deadlineMs: 120_000 },
  );
}

async function statusesOf({ url, subscription }: Scene, change: string): Promise<{ replay?: string; status: string }[]> {
  const { body } = await admin<{ data: { replay?: string; status: string }[] }>(
    url,
    `/v1/deliveries?${new URLSearchParams({ change, subscription }).toString()}`,
  );
  return body.data;
}

/**
 * A window of `people` times six changes, replayed while the same people's states change without a pause. Of every second person the
 * live changes are of a state that is in the window too, so that the replayed one is old news; of the others of a state that is not.
 */
export async function replayBesideLiveTraffic(scene: Scene, people: number): Promise<ReplayAnswer> {
  const { url, wanting, bystander } = scene;
  const users = Array.from({ length: people }, (_, index) => userOfPartition(index % topics[changeTopic].partitions, index));
  const tellAll = async (events: readonly (typeof story)[number][]): Promise<Happening[]> => {
    const told: Happening[] = [];
    for (const user of users) told.push(...(await tell(url, user, events)));
    return told;
  };
  const before = await tellAll(story.slice(0, 2));
  const from = await aMoment();
  const inside = await tellAll(story);
  const to = await aMoment();
  await arrivedAtBoth(
    scene,
    [...before, ...inside].map(({ id }) => id),
  );

  const isStale = (user: string): boolean => users.indexOf(user) % 2 === 0;
  const states = users.map((userId): MovedState => {
    if (isStale(userId)) return { userId, eventTypes: ['user.lifecycle.activate', 'user.lifecycle.deactivate'] };
    return { userId, eventTypes: ['group.user_membership.add', 'group.user_membership.remove'], groupId: '00g2ops' };
  });
  const stream = new LiveStream({ url, receiver: wanting, states, senders });
  stream.start();
  await stream.moved(1);

  const held = Promise.withResolvers<undefined>();
  wanting.holding = (webhook) => (isReplayed(webhook) ? held.promise : Promise.resolve());
  const postedAtMs = performance.now();
  const body = JSON.stringify({ subscription: scene.subscription, from, to });
  const posted = await admin<ReplayAnswer>(url, '/v1/replays', { method: 'POST', body });
  expect(posted).toMatchObject({ status: 202, body: { status: 'queued', read: 0 } });
  const { id } = posted.body;
  // Each person's facts, and of each state the newest; of these the old news is recorded and not sent.
  const newest = new Map(inside.flatMap((one) => (one.stateKey === undefined ? [] : [[one.stateKey, one.id]])));
  const chosen = inside.filter((one) => one.stateKey === undefined || newest.get(one.stateKey) === one.id);
  const oldNews = chosen.filter(({ stateKey }) => stateKey?.endsWith(' status') === true && isStale(stateKey.split(' ')[0] ?? ''));
  const expected = chosen.filter((one) => !oldNews.includes(one)).map((one) => one.id);

  // With all that the replay brings at a standstill, what is live goes on: nothing of it waits behind the replay's.
  const marked = () => wanting.received.filter(isReplayed);
  await eventually(
    () => marked().length,
    (count) => count > 0,
    { what: 'the first replayed webhook', deadlineMs: 120_000 },
  );
  const share = Math.floor(scene.concurrency / 2);
  if (scene.concurrency === defaultConcurrency)
    await eventually(
      () => isTurnedAway(scene.dataDir),
      (isTaken) => isTaken,
      { what: 'a replayed delivery for which there is no room, as all that the replay may take is taken' },
    );
  const besideThem = await stream.another(besideHeld);
  const heldWebhooks = marked().length;
  expect(heldWebhooks, 'webhooks of the replay at a time').toBeLessThanOrEqual(share);
  expect(wanting.abandoned, 'held webhooks that the relay gave up before the live ones came').toBe(0);
  held.resolve(undefined);

  const progress = await eventually(
    async () => (await admin<ReplayAnswer>(url, `/v1/replays/${id}`)).body,
    ({ status }) => status === 'done' || status === 'failed',
    { what: 'the end of the replay', deadlineMs: 120_000, everyMs: 20 },
  );
  await eventually(
    () => marked().length,
    (count) => count >= expected.length,
    { what: `the ${expected.length} replayed webhooks`, deadlineMs: 120_000 },
  );
  for (const { id: change } of oldNews)
    await eventually(
      () => statusesOf(scene, change),
      (rows) => rows.some((row) => row.replay === id && row.status === 'superseded'),
      { what: 'the record of old news', deadlineMs: 60_000 },
    );
  await stream.stop();
  await arrivedAtBoth(
    scene,
    stream.sent.map((one) => one.id),
  );

  const beside = stream.sent.filter((change) => change.postedAtMs + stream.latencyMs(change) >= postedAtMs);
  const alone = stream.sent.filter((change) => !beside.includes(change));
  console.log(
    `replay beside live traffic: ${inside.length} records over ${progress.partitions.length} partitions, ${expected.length} sent again, ` +
      `${oldNews.length} superseded; ${besideThem} live changes sent and arrived while ${heldWebhooks} replayed webhooks were left unanswered, ` +
      `${beside.length} beside it in ${latencies(stream, beside)} (without a replay: ${alone.length} in ${latencies(stream, alone)})`,
  );

  // Both of this run, whatever else the machine does: the share of it that the replay takes, and no more, may be felt.
  expect(medianMs(stream, beside), 'the median of what live changes take beside the replay').toBeLessThan(
    3 * medianMs(stream, alone) + 1_000,
  );

  // Exactly the range, once, signed, to the one subscription.
  expect(progress).toMatchObject({
    status: 'done',
    error: null,
    read: inside.length,
    matched: inside.length,
    queued: chosen.length,
    gone: 0,
  });
  expect(progress.partitions).toHaveLength(topics[changeTopic].partitions);
  expect(progress.partitions.every(({ start, end, next }) => start < end && next === end)).toBe(true);
  expect(progress.partitions.reduce((sum, { start, end }) => sum + end - start, 0)).toBe(inside.length);
  expect([...new Set(marked().map((one) => one.id))].toSorted()).toEqual(expected.toSorted());
  expect(marked().every(({ verified, headers }) => verified && headers['relay-replay'] === id)).toBe(true);
  expect(bystander.received.filter(isReplayed)).toEqual([]);
  expectLiveLanesInOrder(
    [wanting, bystander],
    [...before, ...inside, ...stream.sent].map((one) => one.id),
  );
  expectNothingStale(wanting);
  const repeats = [wanting, bystander].reduce((sum, { received }) => sum + received.length - received.liveAtMs.size, 0) - expected.length;
  expect(repeats, 'repeats').toBeLessThanOrEqual(repeatsAllowedBy(scene.dataDir));
  return progress;
}

/** `a median of 61 ms, 240 ms at most` */
function latencies(stream: LiveStream, changes: LiveStream['sent']): string {
  const slowestMs = Math.max(0, ...changes.map((change) => stream.latencyMs(change)));
  return `a median of ${Math.round(medianMs(stream, changes))} ms, ${Math.round(slowestMs)} ms at most`;
}

/** NaN of none. */
function medianMs(stream: LiveStream, changes: LiveStream['sent']): number {
  const inOrder = changes.map((change) => stream.latencyMs(change)).toSorted((a, b) => a - b);
  return inOrder[Math.floor(inOrder.length / 2)] ?? NaN;
}

/** Live changes never come to that here: there are as many of them at a time as senders. */
function isTurnedAway(dataDir: string): boolean {
  return logLinesIn(dataDir).some(
    ({ function: name, reasons }) => name === 'deliver' && Array.isArray(reasons) && reasons.includes('limit'),
  );
}

/** Each change, and each person's in the order they were sent. */
function expectLiveLanesInOrder(receivers: readonly TimedReceiver[], sent: readonly string[]): void {
  for (const { received } of receivers) {
    const live = [...received.liveAtMs.keys()];
    expect(live.toSorted()).toEqual(sent.toSorted());
    const place = new Map(sent.map((id, index) => [id, index]));
    const userOf = new Map(received.map(({ id, change }) => [id, change.data.user?.id]));
    for (const [user, own] of Map.groupBy(live, (id) => userOf.get(id))) {
      const places = own.map((id) => place.get(id) ?? -1);
      expect(places, `order of ${user}`).toEqual(places.toSorted((a, b) => a - b));
    }
  }
}

/** Live or replayed, no state goes back. */
function expectNothingStale({ received }: TimedReceiver): void {
  for (const [key, own] of Map.groupBy([...received], ({ change }) => change.statekey)) {
    const sequences = own.map(({ change }) => change.sequence);
    if (key !== undefined) expect(sequences, key).toEqual(sequences.toSorted());
  }
}
