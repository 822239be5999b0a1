import { Circuits } from '#lib/pacing/circuits.ts';
import type { DeliverParts } from '#lib/lanes/deliver-parts.ts';
import type { DeliveryMessage } from '#lib/delivery/delivery.ts';
import { FailureWindow } from '#lib/pacing/failure-window.ts';
import { LeasedLimiter } from '#lib/pacing/leased-limiter.ts';
import type { LaneKey, LaneQueue } from '#lib/delivery/lane-store.ts';
import type { WebhookAnswer, WebhookRequest } from '#lib/webhooks/webhook-sender.ts';
import { subscriptionIdSchema } from '#lib/subscriptions/subscription.ts';
import { SubscriptionDirectory } from '#lib/subscriptions/subscription-directory.ts';
import { signingSecret, withCalls } from '../deliver-harness.ts';
import { nameOf, type Accepted, type History, type Sent } from './history.ts';
import type { SharedStores } from './observed-stores.ts';
import type { RelayProcess, ProcessWorld } from './relay-process.ts';
import type { SimulatedQueue } from './simulated-queue.ts';

export interface InstanceWorld extends ProcessWorld {
  readonly stores: SharedStores;
  readonly history: History;
  readonly queues: Readonly<Record<LaneQueue, SimulatedQueue>>;
  readonly newName: () => string;
  /** See `Sent.removalAt`. */
  readonly removalIn: (lane: string) => Promise<number>;
  /** What its record says at the moment. */
  readonly scheduleOf: (delivery: string) => Pick<Sent, 'nextAttemptMs' | 'lastAttemptMs'>;
}

/** Everybody has read the subscription anew by then (every 2.5 s), and what was begun before is out. */
const knownAfterMs = 20_000;

/** What one environment of `deliver` has of its own: its window, its limiter, its view of the subscriptions. */
export function instanceParts(world: InstanceWorld, process: RelayProcess, queue: LaneQueue): DeliverParts {
  const { time, stores, newName } = world;
  const { now } = time;
  const subscriptions = process.port('subscriptions', stores.subscriptions);
  const directory = new SubscriptionDirectory(subscriptions, { now });
  const forget = (id: Parameters<SubscriptionDirectory['forget']>[0]): void => directory.forget(id);
  return {
    queue,
    store: process.port('store', noting(stores.store, world, process)),
    lanes: process.port('lanes', looksAt(stores.lanes, world, process)),
    guard: process.port('guard', turnsOf(stores.guard, world, process)),
    subscriptions: directory,
    circuits: new Circuits({
      store: subscriptions,
      window: new FailureWindow(),
      metrics: { count: () => undefined },
      forget,
      newEventId: uuids(newName),
    }),
    limiter: new LeasedLimiter({
      store: process.port('limits', stores.limits),
      now,
      after: (ms, run) => void process.pass(ms).then(run),
    }),
    secrets: { open: () => Promise.resolve(signingSecret) },
    sender: { send: (request) => send(world, process, request) },
    visibility: process.port('queue', world.queues[queue]),
    removal: process.port('queue', world.queues[queue]),
    quarantine: { keep: async ({ detail }) => void world.history.unexpected.push(detail) },
    metrics: { count: () => undefined, time: () => undefined },
    now,
    random: () => world.chance(100) / 100,
    newLease: newName,
    attemptTimeoutMs: 15_000,
    // In real time: nothing here takes so long.
    patienceMs: 20_000,
  };
}

export function uuids(newName: () => string): () => string {
  return () => `9a0b3c52-0000-4000-8000-${newName().replace(/\D/g, '').padStart(12, '0')}`;
}

function noting(store: SharedStores['store'], { time }: InstanceWorld, process: RelayProcess): SharedStores['store'] {
  return withCalls(store, {
    claim: async (request) => {
      const claim = await store.claim(request);
      if (claim.kind === 'claimed') process.claimedAtMs.set(request.message.delivery, time.nowMs);
      return claim;
    },
  });
}

function looksAt(lanes: SharedStores['lanes'], { time }: InstanceWorld, process: RelayProcess): SharedStores['lanes'] {
  const look = ({ queue, group }: LaneKey): void => void process.lookedAtMs.set(`${queue} ${group}`, time.nowMs);
  return withCalls(lanes, {
    find: (lane) => (look(lane), lanes.find(lane)),
    take: (lane, release) => (look(lane), lanes.take(lane, release)),
    seize: (lane, release) => (look(lane), lanes.seize(lane, release)),
  });
}

function turnsOf(guard: SharedStores['guard'], { time }: InstanceWorld, process: RelayProcess): SharedStores['guard'] {
  return withCalls(guard, {
    enter: async (passage) => {
      const standing = await guard.enter(passage);
      process.enteredAtMs.set(`${passage.subscription} ${passage.stateKey} ${passage.sequence}`, time.nowMs);
      return standing;
    },
  });
}

async function send(world: InstanceWorld, process: RelayProcess, request: WebhookRequest): Promise<WebhookAnswer> {
  const { history, time, stores } = world;
  await process.pass(world.chance(20));
  const sent = await sentOf(world, process, request);
  history.sent.push(sent);
  const { answer, afterMs, end, mayHaveArrived } = stores.endpoint.reply(sent.message, { nowMs: time.nowMs, chance: world.chance });
  sent.opening?.sent.push(sent);
  countBusy(world, sent);
  history.tell(time.nowMs, `${process.name} sends ${nameOf(sent.message)}${sent.late ? ' late' : ''} (${end})`);
  // The endpoint answers whether or not anybody listens.
  time.at(time.nowMs + afterMs, () => {
    sent.end = process.isDead ? 'killed' : end;
    sent.mayHaveArrived = process.isDead || mayHaveArrived;
    sent.endedAtMs = time.nowMs;
  });
  await process.pass(afterMs);
  return answer;
}

async function sentOf(world: InstanceWorld, process: RelayProcess, { url, headers, body }: WebhookRequest): Promise<Sent> {
  const { history, time, removalIn } = world;
  const change = JSON.parse(Buffer.from(body).toString()) as DeliveryMessage['change'];
  const subscription = subscriptionIdSchema.parse(url.split('/').at(-1));
  const { message, lane } = acceptedOf(world, process, { subscription, change: change.id, replay: headers['relay-replay'] });
  const removalAt = await removalIn(lane);
  const claimedAtMs = process.claimedAtMs.get(message.delivery) ?? -Infinity;
  const enteredAtMs = process.enteredAtMs.get(`${subscription} ${change.statekey ?? ''} ${change.sequence}`) ?? claimedAtMs;
  const opening = history.openings.findLast((one) => one.subscription === subscription && one.closedAtMs === undefined);
  const isKnown =
    opening !== undefined && opening.openedAtMs < time.nowMs - knownAfterMs && process.resumedAtMs < time.nowMs - knownAfterMs;
  return {
    order: history.nextOrder(),
    atMs: time.nowMs,
    message,
    webhookId: headers['webhook-id'] ?? '',
    late: headers['relay-late'] === 'true',
    claimedAtMs,
    stoppedSince: {
      look: process.resumedAtMs > (process.lookedAtMs.get(lane) ?? -Infinity),
      claim: process.resumedAtMs > claimedAtMs,
      turn: process.resumedAtMs > enteredAtMs,
    },
    opening: isKnown ? opening : undefined,
    end: 'under-way',
    endedAtMs: Infinity,
    mayHaveArrived: true,
    removalAt,
    isCalm: history.isCalm(time.nowMs),
    interruptions: history.interruptions,
    ...world.scheduleOf(message.delivery),
  };
}

/** What was put on a queue, of which this is a request. A replay may bring one change by two deliveries: the one that was claimed last. */
function acceptedOf(
  { history }: InstanceWorld,
  { claimedAtMs }: RelayProcess,
  { subscription, change, replay }: { subscription: string; change: string; replay: string | undefined },
): Accepted {
  const claimed = ({ message }: Accepted): number => claimedAtMs.get(message.delivery) ?? -Infinity;
  const [accepted] = [...history.accepted.values()]
    .filter(({ message, replays }) => message.subscription === subscription && message.change.id === change && replays.has(replay))
    .sort((a, b) => claimed(b) - claimed(a));
  if (accepted === undefined) throw new Error('What is sent was never put on a queue');
  return accepted;
}

function countBusy({ history }: InstanceWorld, { message: { subscription }, isCalm }: Sent): void {
  // A lease on a place may be left behind by who died.
  if (!isCalm) return;
  const busy = history.sent.filter((one) => one.end === 'under-way' && one.message.subscription === subscription).length;
  history.busiest.set(subscription, Math.max(history.busiest.get(subscription) ?? 0, busy));
}
