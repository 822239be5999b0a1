import type { HookOutcome } from '../intake/hook-outcome.ts';
import type { Metrics } from './metrics.ts';

/** Counts how a hook request ended. Only an org that proved itself is named. */
export function countHookOutcome(metrics: Metrics, outcome: HookOutcome): void {
  switch (outcome.kind) {
    case 'accepted':
      metrics.count('Accepted', outcome.changes, { Org: outcome.org });
      metrics.count('Quarantined', outcome.reasons.length);
      if (outcome.spooled !== undefined) metrics.count('Spooled', outcome.changes);
      if (outcome.unconfirmedHook !== undefined) metrics.count('UnconfirmedHook');
      return;
    case 'quarantined':
      metrics.count('Quarantined');
      return;
    case 'unavailable':
      metrics.count('Unavailable');
      return;
    case 'repeated':
      metrics.count('Repeated');
      return;
    case 'challenged':
      return;
    default:
      metrics.count('Refused4xx');
  }
}
