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
  /**
   * While a removal waits, `sweep` probes for it each minute beside that, but not sooner than this after any other probe: one that hangs takes two
   * timeouts of 15 s, and the queue a little. Less than a minute, for the ticks of `sweep` come a few seconds early or late.
   */
  probesApartMs: 45 * 1_000,
  /** An endpoint that failed for so long is disabled. */
  givenUpMs: 5 * dayMs,
  /** Dead letters of one subscription are told of once in this time, or an endpoint that refuses everything would fill its operators' day. */
  exhaustedQuietMs: 60 * minuteMs,
} as const;

/** When a circuit that is opened now is probed first. */
export function firstProbeAt(now: Date): Date {
  return new Date(now.getTime() + waitMs(0));
}

/** When the probe after the one begun `now` is due: after 2, 4, 8, then every 15 minutes, unless this one closes the circuit. */
export function nextProbeAt({ probes }: Pick<Circuit, 'probes'>, now: Date): Date {
  return new Date(now.getTime() + waitMs(probes + 1));
}

/** When the next probe of the schedule may be made: at its time, or when one for a removal that was made just before it is over. */
export function probeDueAt({ probeAt, removalProbedAt }: Pick<Circuit, 'probeAt' | 'removalProbedAt'>): Date {
  const overMs = removalProbedAt === undefined ? 0 : Date.parse(removalProbedAt) + circuitPolicy.probesApartMs;
  return new Date(Math.max(Date.parse(probeAt), overMs));
}

export function isProbeDue(circuit: Pick<Circuit, 'probeAt' | 'removalProbedAt'>, now: Date): boolean {
  return probeDueAt(circuit) <= now;
}

/** When a probe for a removal may be made: when the one before it is over, of either kind, or what was under way at the opening. */
export function removalProbeDueAt({ probes, probeAt, removalProbedAt }: Pick<Circuit, 'probes' | 'probeAt' | 'removalProbedAt'>): Date {
  const byScheduleMs = Date.parse(probeAt) - waitMs(probes);
  const lastMs = removalProbedAt === undefined ? byScheduleMs : Math.max(byScheduleMs, Date.parse(removalProbedAt));
  return new Date(lastMs + circuitPolicy.probesApartMs);
}

/** Whether the endpoint failed for so long that its subscription is disabled. */
export function isGivenUp({ since }: Pick<Circuit, 'since'>, now: Date): boolean {
  return now.getTime() - Date.parse(since) >= circuitPolicy.givenUpMs;
}

/** From the opening, or the last of so many probes of the schedule, to the next. */
function waitMs(probes: number): number {
  return Math.min(circuitPolicy.firstProbeMs * circuitPolicy.probeFactor ** probes, circuitPolicy.longestProbeMs);
}
