import { isRelayError, RelayError } from '../errors.ts';
import { maxAppendMs, type Appender } from './appender.ts';
import type { ChangeLog, ChangeRecord } from './change-log.ts';
import { SpoolSwitch } from './spool-switch.ts';
import type { ChangeSpool } from './spool.ts';
import { TimeBudget } from './time-budget.ts';

/** The spool's part of the 2.4 s when the log was tried before it. */
export const maxSpoolMs = 600;
/** A log that keeps its word ends by itself; one that does not is left behind this much later. The spool ends this much before the answer is due. */
const graceMs = 50;
/** With less time than this a working log might fail for want of it, and the spool is the better bet. */
const minAppendMs = 200;

interface Parts {
  readonly log: ChangeLog;
  readonly spool: ChangeSpool;
  readonly now: () => Date;
}

/**
 * Appends to the log, and when the log fails, puts the records into the spool; SpoolSwitch says when the log is not even tried.
 * Durable in one of the two once it resolves.
 *
 * What the log took before it failed, or takes after it was given up, is in the spool as well and comes to the log again: a
 * repeat under the same change id, which the delivery log drops. A change of the same key that goes straight to the log
 * once that is back may overtake what is still in the spool: the change's own time tells which is newer, not its place.
 *
 * What the log refuses for its size goes to the spool too: respool has the time to take it apart. Such a log works, and is tried again
 * by the next caller; else one large request would send everybody's changes the long way round.
 *
 * A spool whose log was left alone has all the time that is left: a request with many users needs more calls than fit into its usual part.
 * @throws RelayError CHANGE_SPOOL_UNAVAILABLE when neither took all of them; what the log failed with is among the facts.
 */
export function spoolingAppender(parts: Parts): Appender {
  const spoolSwitch = new SpoolSwitch(parts);
  return {
    async append(records, budget) {
      const tried = await tryLog(parts, { records, budget, spoolSwitch });
      if (tried.kind === 'logged') return tried;
      try {
        const leftMs = Math.max(0, budget.remainingMs() - graceMs);
        await parts.spool.put(records, { budgetMs: tried.kind === 'left-alone' ? leftMs : Math.min(maxSpoolMs, leftMs) });
        return { kind: 'spooled', because: tried.kind === 'failed' ? tried.because : undefined };
      } catch (error) {
        spoolSwitch.spoolFailed();
        throw neither(error, tried);
      }
    },
  };
}

interface Work {
  readonly records: readonly ChangeRecord[];
  readonly budget: TimeBudget;
  readonly spoolSwitch: SpoolSwitch;
}

type Tried = { readonly kind: 'logged' } | { readonly kind: 'left-alone' } | { readonly kind: 'failed'; readonly because: unknown };

async function tryLog({ log, now }: Parts, { records, budget, spoolSwitch }: Work): Promise<Tried> {
  const budgetMs = Math.min(maxAppendMs, budget.remainingMs() - maxSpoolMs - graceMs);
  const attempt = budgetMs < minAppendMs ? undefined : spoolSwitch.tryLog();
  if (attempt === undefined) return { kind: 'left-alone' };
  const part = new TimeBudget({ endsAtMs: now().getTime() + budgetMs + graceMs, now });
  try {
    await part.within('CHANGE_LOG_UNAVAILABLE', () => log.append(records, { budgetMs }));
    attempt.worked();
    return { kind: 'logged' };
  } catch (because) {
    // Whatever it was, a bug of ours included: the records are still in hand, and the caller hears of it with the answer.
    if (isRelayError(because, 'CHANGES_TOO_LARGE')) attempt.worked();
    else attempt.failed();
    return { kind: 'failed', because };
  }
}

function neither(error: unknown, tried: Exclude<Tried, { kind: 'logged' }>): unknown {
  // A bug is not an outage, and keeps its own name.
  if (!isRelayError(error)) return error;
  return new RelayError('CHANGE_SPOOL_UNAVAILABLE', 'Neither the change log nor the spool took the changes', {
    facts: { ...error.facts, log: tried.kind === 'left-alone' ? 'not-tried' : nameOf(tried.because) },
    cause: error.cause,
  });
}

function nameOf(because: unknown): string {
  return isRelayError(because) ? String(because.facts['reason'] ?? because.code) : 'UNKNOWN';
}
