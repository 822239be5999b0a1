import type { HookOutcome } from '../intake/hook-outcome.ts';
import type { WideLine } from './wide-line.ts';

/** Says on the invocation's line how the hook request ended; whatever an operator must look at makes the line louder. */
export function noteHookOutcome(line: WideLine, outcome: HookOutcome): void {
  line.note({ outcome: outcome.kind });
  if ('org' in outcome) line.note({ org: outcome.org });
  switch (outcome.kind) {
    case 'accepted':
      line.note({
        events: outcome.events,
        changes: outcome.changes,
        quarantined: outcome.reasons.length,
        traceparent: outcome.traceparent,
      });
      if (outcome.spooled !== undefined) {
        line.note({ spooled: outcome.changes });
        line.warn();
        if (outcome.spooled.because !== undefined) line.failure(outcome.spooled.because);
      }
      if (outcome.unconfirmedHook !== undefined) {
        line.note({ unconfirmedHook: outcome.unconfirmedHook });
        line.warn();
      }
      if (outcome.unnoted !== undefined) line.failure(outcome.unnoted);
      if (outcome.reasons.length > 0) {
        line.note({ reasons: [...new Set(outcome.reasons)] });
        line.warn();
      }
      return;
    case 'quarantined':
      line.note({ quarantined: 1, reasons: [outcome.reason] });
      line.warn();
      return;
    case 'unavailable':
      line.failure(outcome.error);
      return;
    case 'challenged':
      return;
    case 'repeated':
      line.warn();
      return;
    case 'refused':
      if (outcome.because !== undefined) line.note({ reasons: ['address-not-allowed'] });
      line.warn();
      return;
    default:
      // Okta never retries a 4xx: each one may be an event lost.
      line.warn();
  }
}
