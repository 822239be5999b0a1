import type { CircuitStore, Subscription, SubscriptionStore } from '../subscriptions/subscription.ts';
import type { Circuits } from '../pacing/circuits.ts';
import type { DeliveryQueue } from '../delivery/delivery-queue.ts';
import type { LaneQueue, LaneStore } from '../delivery/lane-store.ts';
import type { Recovered } from '../delivery/recover.ts';

/** What sweeping needs; brought by the wiring, or by a test. */
export interface SweepParts {
  readonly subscriptions: Pick<SubscriptionStore & CircuitStore, 'all' | 'find' | 'setStatus' | 'purge' | 'told'>;
  readonly circuits: Pick<Circuits, 'admit' | 'admitRemoval' | 'giveUp'>;
  readonly lanes: Pick<LaneStore, 'due' | 'hasten' | 'issue' | 'release' | 'released' | 'any' | 'waiting' | 'removalSince'>;
  readonly queues: Readonly<Record<LaneQueue, DeliveryQueue>>;
  /** Goes on with the redelivery of dead letters; see recover.ts. */
  readonly recover: (subscription: Subscription, hasTime: () => boolean) => Promise<Recovered>;
  readonly metrics: SweepMetrics;
  readonly now: () => Date;
  /** A uuid. */
  readonly newToken: () => string;
  /** How often it is run, in milliseconds. */
  readonly intervalMs: number;
}

/** Port. Names of lib/telemetry/metric-names.ts. */
export interface SweepMetrics {
  count(name: 'OpenCircuits' | 'ParkedLanes' | 'OldestParkedAgeSeconds' | 'OldestRemovalAgeSeconds', value: number): void;
}
