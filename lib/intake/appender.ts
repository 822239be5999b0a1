import type { ChangeLog, ChangeRecord } from './change-log.ts';
import type { TimeBudget } from './time-budget.ts';

/** Where receive-hook hands its records over: the log itself, or whatever else makes them durable. */
export interface Appender {
  /**
   * Durable once it resolves. Records that share a key keep their order.
   * @throws RelayError CHANGE_LOG_UNAVAILABLE
   */
  append(records: readonly ChangeRecord[], budget: TimeBudget): Promise<void>;
}

/** The log may take this long of the 2.4 s: time for one re-made connection, and for a second place to put the records. */
const maxAppendMs = 1_100;

export function logAppender(log: ChangeLog): Appender {
  return {
    append: (records, budget) => log.append(records, { budgetMs: Math.min(maxAppendMs, budget.remainingMs()) }),
  };
}
