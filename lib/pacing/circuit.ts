import type { Circuit } from '../subscriptions/subscription.ts';

const minuteMs = 60 * 1_000;
const dayMs = 24 * 60 * minuteMs;

/** When an endpoint that is down is probed, and when it is given up, as data. */
export const circuitPolicy = {
  /** From the opening to the first probe; `sweep` looks once a minute. */
  firstProbeMs: minuteMs,
  /** Each wait is as many times the one before. */
  probeFactor: 2,
  longestProbeMs: 15 * minuteMs,
  /** An endpoint that failed for so long is disabled. */
  givenUpMs: 5 * dayMs,
  /** Dead letters of one subscription are told of once in this time, or an endpoint that refuses everything would fill its operators' day. */
  exhaustedQuietMs: 60 * minuteMs,
} as const;

/** When a circuit that is opened now is probed first. */
export function firstProbeAt(now: Date): Date {
  return new Date(now.getTime() + circuitPolicy.firstProbeMs);
}

/** When the probe after the one begun `now` is due: after 2, 4, 8, then every 15 minutes, unless this one closes the circuit. */
export function nextProbeAt({ probes }: Pick<Circuit, 'probes'>, now: Date): Date {
  const waitMs = circuitPolicy.firstProbeMs * circuitPolicy.probeFactor ** (probes + 1);
  return new Date(now.getTime() + Math.min(waitMs, circuitPolicy.longestProbeMs));
}

export function isProbeDue({ probeAt }: Pick<Circuit, 'probeAt'>, now: Date): boolean {
  return Date.parse(probeAt) <= now.getTime();
}

/** Whether the endpoint failed for so long that its subscription is disabled. */
export function isGivenUp({ since }: Pick<Circuit, 'since'>, now: Date): boolean {
  return now.getTime() - Date.parse(since) >= circuitPolicy.givenUpMs;
}
