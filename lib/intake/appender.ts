import type { ChangeLog, ChangeRecord } from './change-log.ts';
import type { TimeBudget } from './time-budget.ts';

/** Where receive-hook hands its records over: the log itself, or whatever else makes them durable. */
export interface Appender {
  /**
   * Durable once it resolves. Records that share a key keep their order.
   * @throws RelayError CHANGE_LOG_UNAVAILABLE; CHANGE_SPOOL_UNAVAILABLE where there is a spool, and neither took them.
   */
  append(records: readonly ChangeRecord[], budget: TimeBudget): Promise<Appended>;
}

/** Where the records are. */
export type Appended =
  | { readonly kind: 'logged' }
  /** `because`: what the log failed with; undefined when it was not tried. */
  | { readonly kind: 'spooled'; readonly because: unknown };

/** The log may take this long of the 2.4 s: time for one re-made connection, and for a second place to put the records. */
export const maxAppendMs = 1_100;

/** The log alone, for where nothing stands behind it. */
export function logAppender(log: ChangeLog): Appender {
  return {
    async append(records, budget) {
      await log.append(records, { budgetMs: Math.min(maxAppendMs, budget.remainingMs()) });
      return { kind: 'logged' };
    },
  };
}
