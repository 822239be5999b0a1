import type { Standing } from './stale-guard.ts';

/** What a stale guard remembers of a state. All but the lease are sequences. */
export interface StateRecord {
  /** The highest that was answered 2xx. */
  readonly delivered?: string | undefined;
  /** The highest whose passage was never ended: its process died. */
  readonly doubt?: string | undefined;
  /** The passage under way, or, once its lease has run out, one more in doubt. */
  readonly begun?: string | undefined;
  readonly lease?: string | undefined;
  readonly leaseUntil?: Date | undefined;
}

/**
 * How a change stands against what is remembered. `lease`: of the passage that asks; without one the change is not to be sent for this
 * state, and then only what is newer is in its way.
 */
export function standingIn(record: StateRecord, change: { sequence: string; now: Date; lease?: string }): Standing {
  const newer = (sequence: string | undefined): boolean => sequence !== undefined && sequence > change.sequence;
  if (newer(record.delivered) || newer(record.doubt)) return { kind: 'superseded' };
  const { begun, leaseUntil } = record;
  if (begun === undefined) return { kind: 'open' };
  // The answer to our own write was lost and the SDK made it again: the passage it met is this one.
  if (change.lease !== undefined && change.lease === record.lease) return { kind: 'open' };
  if (leaseUntil !== undefined && leaseUntil > change.now)
    return change.lease !== undefined || newer(begun) ? { kind: 'busy', until: leaseUntil } : { kind: 'open' };
  return newer(begun) ? { kind: 'superseded' } : { kind: 'open' };
}
