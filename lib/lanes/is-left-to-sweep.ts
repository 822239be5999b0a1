import type { Circuit } from '../subscriptions/subscription.ts';

/** `sweep` looks once a minute. Where it does not, or no lane is parked, the probe is for whatever comes then. */
const sweepWaitMs = 2 * 60_000;

/**
 * Whether the next probe is not for what comes along, though it be due: the first and every other one are `sweep`'s, for a lane with a removal. New
 * changes that fail would be there before it each time, and the removal would wait for as long as they come.
 */
export function isLeftToSweep({ probes, probeAt }: Pick<Circuit, 'probes' | 'probeAt'>, now: Date): boolean {
  return probes % 2 === 0 && now.getTime() - Date.parse(probeAt) < sweepWaitMs;
}
