import type { ChangeRecord } from './change-log.ts';

/**
 * Port: where records are kept while the change log is out of reach (SQS `change-spool.fifo`), until respool puts them on the
 * log. test/contract/change-spool.contract.ts holds implementations to this text.
 */
export interface ChangeSpool {
  /**
   * Resolves once every record is durable. Records that share a key come out in the order they are given in, and behind what
   * was put for that key before.
   *
   * All or nothing is not promised: after a failure some may be kept, and the caller puts all of them again, or gives up and
   * leaves them to be repeats. Of a key, what is kept is then never without what came before it in the same call.
   * @throws RelayError CHANGE_SPOOL_UNAVAILABLE when that was not reached within `budgetMs`.
   */
  put(records: readonly ChangeRecord[], options: { budgetMs: number }): Promise<void>;
}

/** Port: when a message taken from the spool shows itself again. */
export interface SpoolVisibility {
  /** @throws RelayError when that cannot be set; the message then comes back by the queue's own timeout. */
  change(receiptHandle: string, seconds: number): Promise<void>;
}
