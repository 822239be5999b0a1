import { lostClaim, type DeliveryOutcome } from '../delivery/message-outcome.ts';

/** Whether a request went out for a delivery with this outcome, or may have: a probe is spent by a request, and by nothing else. */
export function wasSent(outcome: DeliveryOutcome): boolean {
  switch (outcome.kind) {
    case 'delivered':
      return true;
    case 'dead':
      return outcome.reason !== 'expired' && outcome.reason !== 'subscription-disabled';
    case 'failing':
      return outcome.because !== 'not-yet';
    case 'waits':
      return outcome.reason === lostClaim.reason;
    // By a circuit that is open, so a probe ended it.
    case 'held':
      return outcome.reason === 'circuit';
    default:
      return false;
  }
}
