import { nameOf, type Sent } from './history.ts';
import type { Simulation } from './simulation.ts';

/** An attempt that was begun so shortly after the asking may not have known of it, and is made once more. */
const unheardMs = 5_000;

/** Nothing goes out before its record says, unless somebody asked for it since it was attempted last, or as the probe of a circuit. */
export function tooSoon({ history }: Simulation, sent: Sent): string[] {
  const { message, nextAttemptMs, lastAttemptMs, claimedAtMs } = sent;
  if (nextAttemptMs === undefined || claimedAtMs >= nextAttemptMs || !sent.isCalm) return [];
  const isAsked = (history.askedAtMs.get(message.subscription) ?? -Infinity) >= lastAttemptMs - unheardMs;
  const mayBeProbe = history.openings.some(
    ({ subscription, openedAtMs, closedAtMs = Infinity }) =>
      subscription === message.subscription && openedAtMs <= sent.atMs && closedAtMs >= claimedAtMs,
  );
  return isAsked || mayBeProbe ? [] : [`${nameOf(message)} went out before its next attempt was due`];
}
