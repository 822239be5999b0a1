import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { admin, deliveries, eventually, hookBody, logEvent, postHook, subscribe, type ListedDelivery } from '../support/relay-client.ts';
import { freePort, runRelay, scratchFolder, startRelayProcess, type RelayProcess } from '../support/relay-process.ts';
import { scaled } from '../support/scale.ts';
import { runSeed, seededRandom } from '../support/seeded-random.ts';
import { WebhookReceiver, type Answer } from '../support/webhook-receiver.ts';
import { expectInOrder, expectLanesInOrder, expectNothingLost, expectNothingStale, type Sent, type Served } from './lane-promises.ts';

const rounds = scaled(50, 4);
/** Few, so that their lanes are long. */
const users = 6;
/** Between two changes of one user. */
const pauseMs = 1_000;
/** A silent endpoint costs this, and not 15 s. */
const attemptTimeoutMs = 1_500;
/** Short waits, so that lanes are parked, released and retried many times in the test; their sum is longer than an endpoint here stays down. */
const retrySeconds = [1, 1, 2, 2, 3, 7, 7, 10, 10, 10, 10, 15, 15, 20, 20];
const healedWithinMs = 300_000;
/** Fifty starts of a relay take minutes on a machine that does other things as well. */
const runWithinMs = 1_200_000;
/** Nothing came to anyone for so long: most likely nothing will. */
const quietMs = 3_000;

/** In turn activated and deactivated, with a fact behind each. A late state would be kept back as old news: that a lane is kept shows in its facts. */
const story = [
  ['user.lifecycle.activate', 'state'],
  ['user.account.update_profile', 'fact'],
  ['user.lifecycle.deactivate', 'removal'],
  ['user.account.update_profile', 'fact'],
] as const;

interface Subscriber {
  readonly id: string;
  readonly name: string;
  readonly receiver: WebhookReceiver;
}

let scratch: ReturnType<typeof scratchFolder>;
let receivers: WebhookReceiver[];
let environment: Record<string, string>;
beforeEach(async () => {
  scratch = scratchFolder();
  receivers = [];
  // Most of a start is Node reading the sources: what it made of them is kept. It is written at the end of a process that is not killed.
  environment = { ATTEMPT_TIMEOUT_MS: String(attemptTimeoutMs), NODE_COMPILE_CACHE: join(scratch.path, 'compiled') };
  await runRelay(['--once', '--port', '0', '--data-dir', join(scratch.path, 'other state')], { environment });
});
afterEach(async () => {
  await Promise.all(receivers.map((receiver) => receiver.close()));
  scratch.remove();
});

async function enrol(url: string, name: string): Promise<Subscriber> {
  const receiver = new WebhookReceiver();
  receivers.push(receiver);
  const { id, secret } = await subscribe(url, {
    name,
    url: await receiver.listen(),
    types: ['identity.*'],
    retry: { schedule: retrySeconds },
  });
  receiver.trust(secret);
  return { id, name, receiver };
}

/** Each change only when the one before was answered 200, as a sender must that wants nothing lost. */
async function stream(url: string, sent: Sent[], isOver: () => boolean): Promise<void> {
  const one = async (user: number): Promise<void> => {
    for (let turn = 0; !isOver(); turn += 1) {
      const [eventType, kind] = story[turn % story.length] ?? story[0];
      const event = { uuid: randomUUID(), userId: `00u${user}`, kind };
      const body = hookBody([logEvent({ ...event, eventType })]);
      await eventually(
        () => statusOf(url, body),
        (status) => status === 200,
        { what: `200 for ${event.uuid}`, deadlineMs: 120_000, everyMs: 200 },
      );
      sent.push(event);
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  };
  await Promise.all(Array.from({ length: users }, (_, user) => one(user)));
}

async function statusOf(url: string, body: unknown): Promise<number> {
  try {
    return (await postHook(url, body)).status;
  } catch {
    // The relay was killed under the request or is starting again: the sender tries again, which is the point.
    return 0;
  }
}

/** Down, silent or torn between the two and working, each for as long as chance has it. */
function failing(random: () => number): () => Answer {
  let mode = 0;
  let left = 0;
  return () => {
    if (left === 0) [mode, left] = [random(), 1 + Math.floor(random() * 12)];
    left -= 1;
    if (mode < 0.35) return 500;
    if (mode < 0.55) return 'silence';
    const roll = random();
    return roll < 0.5 ? 204 : roll < 0.85 ? 500 : 'silence';
  };
}

/**
 * Kills the relay at a random moment and starts it again, round after round. Every so often an operator says that the endpoint is well, so that
 * its circuit does not stay open for most of the test.
 */
async function killed(first: RelayProcess, { id, random }: { id: string; random: () => number }): Promise<RelayProcess> {
  let relay = first;
  const port = Number(new URL(first.url).port);
  for (let round = 0; round < rounds; round += 1) {
    await new Promise((resolve) => setTimeout(resolve, random() * 2_000));
    await relay.kill();
    relay = await startRelayProcess({ dataDir: first.dataDir, port, environment });
    if (random() < 0.4) await resume(relay.url, id);
  }
  return relay;
}

async function resume(url: string, id: string): Promise<void> {
  expect((await admin(url, `/v1/subscriptions/${id}/resume`, { method: 'POST' })).status).toBe(200);
}

/** What became of it all, as the log says in the end. */
async function served(url: string, { id, name, receiver }: Subscriber): Promise<Served> {
  return { name, receiver, log: new Map((await deliveries(url, { subscription: id })).map((delivery) => [delivery.change, delivery])) };
}

/** How many deliveries of so many changes have not come to their end, or are not in the log yet. */
async function openIn(url: string, subscriber: Subscriber, changes: number): Promise<number> {
  const { log } = await served(url, subscriber);
  return changes - [...log.values()].filter(({ status }) => status !== 'pending' && status !== 'parked').length;
}

/*
 * What this shows of a kill is local recovery: the next start frees the leases, tokens and messages of the process that is gone, which in AWS run out by
 * themselves, after half a minute to ten. For that see test/lib/lanes/model, where the same code is killed in virtual time and nobody tidies up.
 */
describe('a relay that is killed again and again, with a subscriber that fails', () => {
  it(
    'loses nothing, sends nothing stale and keeps its lanes in order',
    async () => {
      const seed = runSeed();
      const random = seededRandom(seed);
      const startedAtMs = Date.now();
      const relay = await startRelayProcess({ dataDir: join(scratch.path, 'state'), port: await freePort(), environment });
      const [bad, ...good] = [await enrol(relay.url, 'failing'), await enrol(relay.url, 'good'), await enrol(relay.url, 'good too')];
      bad.receiver.answering = failing(seededRandom(seed + 1));
      const sent: Sent[] = [];
      let isOver = false;
      const sending = stream(relay.url, sent, () => isOver);
      const last = await killed(relay, { id: bad.id, random });
      isOver = true;
      await sending;

      bad.receiver.answering = () => 204;
      // As an operator does who has repaired the endpoint and does not wait for the next probe.
      await resume(last.url, bad.id);
      const healingAtMs = Date.now();
      const subscribers = [bad, ...good];
      const lastAtMs = () => Math.max(...subscribers.map(({ receiver }) => receiver.received.at(-1)?.at.getTime() ?? 0));
      const open = () => Promise.all(subscribers.map((subscriber) => openIn(last.url, subscriber, sent.length)));
      // The log of thousands of deliveries is not asked while the relay is still busy with them.
      await eventually(
        async () => (Date.now() - lastAtMs() > quietMs ? open() : 'busy'),
        (answer) => answer !== 'busy' && answer.every((count) => count === 0),
        { what: `an end of all deliveries (seed ${seed})`, deadlineMs: healedWithinMs, everyMs: 1_000 },
      );
      const healedMs = Date.now() - healingAtMs;
      const yielded: ListedDelivery[] = [];
      for (const subscriber of subscribers) {
        const end = await served(last.url, subscriber);
        expectInOrder(end, sent);
        expectLanesInOrder(end, sent);
        expectNothingStale(end);
        const gaveWay = expectNothingLost(end, sent);
        if (subscriber === bad) yielded.push(...gaveWay);
        // It answers at once. What had no answer in time all the same, on a busy machine, has failed like any other.
        else expect(gaveWay.every(({ attempts }) => attempts.some(({ error }) => error === 'timeout'))).toBe(true);
      }
      await last.stop();
      const failures = bad.receiver.received.filter(({ answer }) => answer !== 204).length;
      const repeats = subscribers.map(
        ({ receiver }) => receiver.received.filter(({ answer }) => answer === 204).length - receiver.accepted().length,
      );
      console.log(
        `${rounds} kills, seed ${seed}: ${sent.length} changes, the failing one failed ${failures} times, ${yielded.length} yielded to removals, ` +
          `repeats ${repeats.join(', ')}; healed in ${healedMs} ms, all in ${Date.now() - startedAtMs} ms`,
      );
      expect(failures, 'failures').toBeGreaterThan(rounds);
    },
    runWithinMs,
  );
});
