import type { SweepParts } from './sweep-parts.ts';
import { sweepSubscription, type Swept } from './sweep-subscription.ts';

export interface SweepReport extends Swept {
  readonly subscriptions: number;
  /** One for each subscription that could not be swept; the others were. */
  readonly errors: readonly unknown[];
}

/** Below this nothing new is begun. */
const endingTimeMs = 5_000;
/** Subscriptions that are swept at a time. */
const atATime = 8;

/**
 * Goes over all subscriptions: releases lanes that are due, has open circuits probed, ends pauses, disables what failed for too long, tells
 * operators, goes on with recoveries, and clears up after what was deleted. Every step may be repeated, and two sweeps at once do no harm.
 * @throws RelayError SUBSCRIPTION_STORE_UNAVAILABLE when there is nothing to go over
 */
export async function sweep(parts: SweepParts, remainingMs: () => number): Promise<SweepReport> {
  const all = await parts.subscriptions.all();
  const hasTime = (): boolean => remainingMs() > endingTimeMs;
  const swept: Swept[] = [];
  const errors: unknown[] = [];
  // Each worker takes the next when its own is done; those longest unchanged are not preferred, since a sweep nearly always gets through.
  const waiting = all.values();
  const work = async (): Promise<void> => {
    for (const subscription of waiting) {
      if (!hasTime()) return;
      // One subscription's trouble must not keep the lanes of all others parked; it is told in the report.
      const outcome = await sweepSubscription(parts, { subscription, all, hasTime }).catch((error: unknown) => void errors.push(error));
      if (outcome !== undefined) swept.push(outcome);
    }
  };
  await Promise.all(Array.from({ length: atATime }, work));
  const report = { ...total(swept), subscriptions: all.length, errors };
  parts.metrics.count('OpenCircuits', report.openCircuits);
  parts.metrics.count('ParkedLanes', report.dueLanes);
  parts.metrics.count('OldestParkedAgeSeconds', report.oldestParkedSeconds);
  return report;
}

function total(swept: readonly Swept[]): Swept {
  const sum = (name: keyof Swept): number => swept.reduce((so, one) => so + one[name], 0);
  return {
    released: sum('released'),
    probes: sum('probes'),
    events: sum('events'),
    recovered: sum('recovered'),
    openCircuits: sum('openCircuits'),
    dueLanes: sum('dueLanes'),
    oldestParkedSeconds: Math.max(0, ...swept.map(({ oldestParkedSeconds }) => oldestParkedSeconds)),
  };
}
