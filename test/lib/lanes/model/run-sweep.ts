import { Circuits } from '#lib/pacing/circuits.ts';
import { FailureWindow } from '#lib/pacing/failure-window.ts';
import { recoverDeadLetters } from '#lib/delivery/recover.ts';
import { sweep } from '#lib/sweep/sweep.ts';
import { RelayError } from '#lib/errors.ts';
import { uuids, type InstanceWorld } from './relay-instance.ts';
import type { RelayProcess } from './relay-process.ts';

/** One tick, in a process of its own. */
export async function runSweep(world: InstanceWorld, process: RelayProcess): Promise<void> {
  const { time, stores, history, queues: shared } = world;
  const startedMs = time.nowMs;
  const subscriptions = process.port('subscriptions', stores.subscriptions);
  const deliveries = process.port('store', stores.store);
  const queues = { deliveries: process.port('queue', shared.deliveries), replayDeliveries: process.port('queue', shared.replayDeliveries) };
  const parts: Parameters<typeof sweep>[0] = {
    subscriptions,
    circuits: new Circuits({
      store: subscriptions,
      window: new FailureWindow(),
      metrics: { count: () => undefined },
      forget: () => undefined,
      newEventId: uuids(world.newName),
    }),
    lanes: process.port('lanes', stores.lanes),
    queues,
    recover: (subscription, hasTime) =>
      recoverDeadLetters({ deliveries, subscriptions, queue: queues.replayDeliveries }, subscription, hasTime),
    metrics: { count: () => undefined },
    now: time.now,
    newToken: world.newName,
    intervalMs: 60_000,
  };
  try {
    const { errors } = await sweep(parts, () => startedMs + 60_000 - time.nowMs);
    for (const error of errors) if (!(error instanceof RelayError)) history.unexpected.push(String(error));
  } catch (error) {
    // Without subscriptions there is nothing to go over: the next tick is another one.
    if (!(error instanceof RelayError)) history.unexpected.push(String(error));
  }
}
