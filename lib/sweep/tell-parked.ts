import type { ParkedCount } from './count-parked.ts';
import type { SweepMetrics } from './sweep-parts.ts';

/** Seconds from which on the stack's alarms go on: infra/watch-promises.ts, which a test compares with these. */
export const alarmedAt = { OldestParkedAgeSeconds: 86_400, OldestRemovalAgeSeconds: 900 } as const;

export interface ParkedNews extends Pick<ParkedCount, 'parkedLanes' | 'oldestParkedSeconds'> {
  readonly oldestRemovalSeconds: number;
  /** All subscriptions were looked at. */
  readonly isComplete: boolean;
}

/**
 * Writes the gauges of what is parked. Where not everything was looked at each of them may be too low: that can put an alarm on, and must not put it out.
 * So nothing is written then that is below what alarms; the alarms stay as they are over a gap.
 */
export function tellParked(
  metrics: SweepMetrics,
  { parkedLanes, oldestParkedSeconds, oldestRemovalSeconds, isComplete }: ParkedNews,
): void {
  if (isComplete) metrics.count('ParkedLanes', parkedLanes);
  const ages = { OldestParkedAgeSeconds: oldestParkedSeconds, OldestRemovalAgeSeconds: oldestRemovalSeconds };
  for (const name of ['OldestParkedAgeSeconds', 'OldestRemovalAgeSeconds'] as const)
    if (isComplete || ages[name] >= alarmedAt[name]) metrics.count(name, ages[name]);
}
