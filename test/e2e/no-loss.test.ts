import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { admin, ampleLimits, eventually, hookBody, logEvent, postHook, subscribe } from '../support/relay-client.ts';
import { repeatsAllowedBy } from '../support/relay-log.ts';
import { freePort, scratchFolder, startRelayProcess, type RelayProcess } from '../support/relay-process.ts';
import { scaled } from '../support/scale.ts';
import { runSeed, seededRandom } from '../support/seeded-random.ts';
import { WebhookReceiver } from '../support/webhook-receiver.ts';

const users = 50;

interface Sent {
  readonly uuid: string;
  readonly userId: string;
  readonly eventType: string;
}

/** Three subscribers with different filters, and what each is owed of what was sent. */
const subscribers = [
  { name: 'everything', subscription: { types: ['*'] }, wants: () => true },
  {
    name: 'lifecycle only',
    subscription: { types: ['identity.user.activated', 'identity.user.deactivated'] },
    wants: (event: Sent) => event.eventType.endsWith('activate'),
  },
  {
    name: 'even users',
    subscription: { types: ['identity.*'], filter: 'user.userName sw "even-"' },
    wants: (event: Sent) => event.userId.startsWith('even-') && event.eventType !== 'user.session.start',
  },
] as const;
const eventTypes = ['user.lifecycle.activate', 'user.lifecycle.deactivate', 'user.account.update_profile', 'user.session.start'];

let scratch: ReturnType<typeof scratchFolder>;
let receivers: WebhookReceiver[];
let sent: Sent[];
beforeEach(() => {
  scratch = scratchFolder();
  receivers = subscribers.map(() => new WebhookReceiver());
  sent = [];
});
afterEach(async () => {
  await Promise.all(receivers.map((receiver) => receiver.close()));
  scratch.remove();
});

async function subscribeAll(url: string): Promise<void> {
  for (const [index, { name, subscription }] of subscribers.entries()) {
    const receiver = receivers[index] as WebhookReceiver;
    receiver.trust((await subscribe(url, { name, url: await receiver.listen(), ...ampleLimits, ...subscription })).secret);
  }
}

/**
 * Sends `count` events, each user's one after the other and users side by side. A request that is not answered 200 is sent
 * again until it is, as a sender must that wants nothing lost: `sent` holds what was answered 200, in order.
 */
async function sendAll(url: string, count: number): Promise<void> {
  const perUser = Math.ceil(count / users);
  await Promise.all(
    Array.from({ length: users }, async (_, user) => {
      const userId = `${user % 2 === 0 ? 'even' : 'odd'}-${user}`;
      for (let turn = 0; turn < perUser; turn++) {
        const event: Sent = { uuid: randomUUID(), userId, eventType: eventTypes[(user + turn) % eventTypes.length] as string };
        const body = hookBody([logEvent({ ...event, userName: `${userId}@example.com` })]);
        await eventually(
          () => statusOf(url, body),
          (status) => status === 200,
          { what: `200 for ${event.uuid}`, deadlineMs: 120_000, everyMs: 200 },
        );
        sent.push(event);
      }
    }),
  );
}

async function statusOf(url: string, body: unknown): Promise<number> {
  try {
    return (await postHook(url, body)).status;
  } catch {
    // The relay was killed under the request or is starting again: the sender tries again, which is the point.
    return 0;
  }
}

const owed = () => subscribers.map(({ wants }) => sent.filter(wants));
const outstanding = () =>
  owed().reduce((sum, events, index) => sum + events.length - (receivers[index] as WebhookReceiver).firstArrivals().length, 0);

async function everythingArrived(deadlineMs: number): Promise<void> {
  await eventually(outstanding, (left) => left <= 0, { what: 'every expected webhook', deadlineMs, everyMs: 200 });
}

/** Waits until nothing is owed and nothing arrived for a while, so that a repeat that was still on its way is seen. */
async function nothingMoves(url: string): Promise<void> {
  const pending = async () => (await admin<{ data: unknown[] }>(url, '/v1/deliveries?status=pending')).body.data.length;
  await eventually(pending, (count) => count === 0, { what: 'no delivery pending' });
  const count = () => receivers.reduce((sum, receiver) => sum + receiver.received.length, 0);
  let before = -1;
  await eventually(count, (now) => now === before || ((before = now), false), { what: 'quiet', everyMs: 3_000, deadlineMs: 60_000 });
}

/** Every expected webhook, nothing else, in order per user, each with a valid signature. */
function expectComplete(): void {
  for (const [index, expected] of owed().entries()) {
    const receiver = receivers[index] as WebhookReceiver;
    const { name } = subscribers[index] as (typeof subscribers)[number];
    const first = receiver.firstArrivals();
    expect(
      receiver.received.every(({ verified }) => verified),
      `${name}: signatures`,
    ).toBe(true);
    expect(new Set(first.map(({ id }) => id)), `${name}: which webhooks`).toEqual(new Set(expected.map(({ uuid }) => uuid)));
    for (const [userId, events] of Object.entries(Object.groupBy(expected, (event) => event.userId))) {
      const got = first.filter(({ change }) => change.data.user?.id === userId).map(({ id }) => id);
      expect(got, `${name}: order of ${userId}`).toEqual((events ?? []).map(({ uuid }) => uuid));
    }
  }
}

describe('a stream of events to three subscribers', () => {
  it('arrives once, in order per user, with valid signatures', async () => {
    const count = scaled(2_000, 500);
    const relay = await startRelayProcess({ dataDir: join(scratch.path, 'state'), port: await freePort() });
    await subscribeAll(relay.url);
    await sendAll(relay.url, count);
    await everythingArrived(180_000);
    await nothingMoves(relay.url);
    await relay.stop();
    expectComplete();
    const total = owed().flat().length;
    const repeats = receivers.reduce((sum, receiver) => sum + receiver.received.length, 0) - total;
    expect(repeats, 'webhooks that came twice').toBeLessThanOrEqual(repeatsAllowedBy(relay.dataDir));
    console.log(`stream: ${sent.length} events, ${total} webhooks, ${repeats} of them again`);
  });

  it('loses nothing and keeps its order when the relay is killed in the middle and started again', async () => {
    const rounds = scaled(5, 2);
    const count = scaled(2_000, 500);
    const seed = runSeed();
    const random = seededRandom(seed);
    const start = { dataDir: join(scratch.path, 'state'), port: await freePort() };
    let relay: RelayProcess = await startRelayProcess(start);
    await subscribeAll(relay.url);
    const inFlight: number[] = [];
    for (let round = 0; inFlight.length < rounds && round < rounds * 3; round++) {
      const sending = sendAll(relay.url, Math.ceil(count / rounds));
      await eventually(outstanding, (flying) => flying > 0, { what: 'a delivery in flight', everyMs: 1 });
      await new Promise((resolve) => setTimeout(resolve, random() * 700));
      const flying = outstanding();
      await relay.kill();
      if (flying > 0) inFlight.push(flying);
      relay = await startRelayProcess(start);
      await sending;
    }
    await everythingArrived(240_000);
    await relay.stop();
    const repeats = receivers.reduce((sum, receiver) => sum + receiver.received.length - receiver.firstArrivals().length, 0);
    console.log(`kill -9: seed ${seed}, in flight at each kill ${inFlight.join(', ')}, repeats with the same webhook-id ${repeats}`);
    expect(inFlight.length, 'rounds with deliveries in flight').toBeGreaterThanOrEqual(rounds);
    expectComplete();
  });
});
