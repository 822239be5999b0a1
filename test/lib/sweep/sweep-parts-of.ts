import { randomUUID } from 'node:crypto';
import type { DeliveryQueue } from '#lib/delivery/delivery-queue.ts';
import type { ReceivedMessage } from '#lib/lanes/deliver.ts';
import { Circuits } from '#lib/pacing/circuits.ts';
import { FailureWindow } from '#lib/pacing/failure-window.ts';
import type { SweepParts } from '#lib/sweep/sweep-parts.ts';
import { received, type DeliverHarness } from '../lanes/deliver-harness.ts';

export interface SweepWorld {
  readonly harness: DeliverHarness;
  /** Releases that sweep has sent and deliver was not handed yet. */
  readonly queued: ReceivedMessage[];
  readonly gauges: Record<string, number>;
}

/** A sweep over what deliver left in the stores of its harness; there are no recoveries in it. */
export function sweepParts({ harness, queued, gauges }: SweepWorld, replacing: Partial<SweepParts> = {}): SweepParts {
  const queue: DeliveryQueue = {
    send(messages) {
      queued.push(...messages.map(({ message, groupId, deduplicationId }) => received(deduplicationId, groupId, message)));
      return Promise.resolve({ notSent: [], refused: [] });
    },
  };
  return {
    subscriptions: harness.subscriptions,
    circuits: new Circuits({
      store: harness.subscriptions,
      window: new FailureWindow(),
      metrics: { count: () => undefined },
      forget: () => undefined,
      newEventId: () => randomUUID(),
    }),
    lanes: harness.lanes,
    queues: { deliveries: queue, replayDeliveries: queue },
    recover: () => Promise.resolve({ sent: 0, unreadable: [] }),
    metrics: { count: (name, value) => (gauges[name] = value) },
    now: () => new Date(harness.nowMs),
    newToken: () => randomUUID(),
    intervalMs: 60_000,
    ...replacing,
  };
}
