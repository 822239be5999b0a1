import { circuitPolicy, probeDueAt, removalProbeDueAt } from '#lib/pacing/circuit.ts';
import type { Circuit, Subscription } from '#lib/subscriptions/subscription.ts';
import type { LaneRows } from '../../delivery/in-memory-lane-store.ts';

const purgeMs = 60 * 60_000;
/** What was under way when its subscription was resumed may park its lane so long after, and is tried at once all the same. */
const parkingMs = 60_000;

/** When `sweep` will find something to do: the sweeps until then, one a minute, would find nothing and are left out. */
export function nextSweepMs({ lanes }: LaneRows, subscriptions: readonly Subscription[]): number {
  const known = new Map(subscriptions.map((subscription) => [subscription.id, subscription]));
  const ofLanes = [...lanes.values()].map(({ subscription, dueAt, parkedAt, hastenedAt, removalAt }) => {
    const { status, circuit, resumedAt } = known.get(subscription) ?? {};
    if (status === 'paused') return Infinity;
    const resumedMs = Date.parse(resumedAt ?? '');
    if (circuit === undefined && parkedAt.getTime() <= resumedMs + parkingMs && (hastenedAt?.getTime() ?? 0) < resumedMs) return 0;
    return Math.max(dueAt.getTime(), status === 'active' && circuit !== undefined ? nextProbeMs(circuit, removalAt >= 0) : 0);
  });
  return Math.min(Infinity, ...ofLanes, ...subscriptions.map(ownMs));
}

function ownMs({ status, circuit, pausedUntil, operatorEvents, recovery, updatedAt }: Subscription): number {
  if (operatorEvents !== undefined || ((status === 'active' || status === 'paused') && recovery?.status === 'running')) return 0;
  if (status === 'paused') return pausedUntil === undefined ? Infinity : Date.parse(pausedUntil);
  if (status === 'deleted') return Date.parse(updatedAt) + purgeMs + 1;
  return status === 'active' && circuit !== undefined ? Date.parse(circuit.since) + circuitPolicy.givenUpMs : Infinity;
}

/**
 * An endpoint that is down for days would be probed for a removal in each minute of them: the longer it is down, the more of these sweeps are left out, as if
 * `sweep` had not run.
 */
function nextProbeMs(circuit: Circuit, hasRemoval: boolean): number {
  const lastMs = removalProbeDueAt(circuit).getTime() - circuitPolicy.probesApartMs;
  const leftOutMs = (lastMs - Date.parse(circuit.since)) / 20;
  const forRemovalMs = lastMs + Math.max(circuitPolicy.probesApartMs, leftOutMs);
  return Math.min(probeDueAt(circuit).getTime(), hasRemoval ? forRemovalMs : Infinity);
}
