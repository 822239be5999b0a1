import type { LogRecord } from './change-log.ts';

/** A piece of one partition: offsets from `start` up to, not including, `end`. */
export interface PartitionRange {
  readonly partition: number;
  readonly start: number;
  readonly end: number;
}

/**
 * How a read ended. `all`: `handle` was given every record of the range. `enough`: `handle` wanted no more. `gone`: the log no
 * longer holds the beginning of the range; `handle` may have been given a part of it.
 */
export type RangeEnd = 'all' | 'enough' | 'gone';

/**
 * Port: reading a piece of the log again, beside whoever consumes it, whose offsets are never touched. Two implementations, Kafka and
 * local mode's embedded log; test/contract/change-log-range.contract.ts holds both to this text.
 * @throws RelayError CHANGE_LOG_UNAVAILABLE; `read` also what `handle` threw
 */
export interface ChangeLogRange {
  /**
   * Where a window of time lies, for every partition: from the first record appended at or after `from` up to the first one appended
   * at or after `to`, or to the partition's present end. A clock that was set back can leave records of other times in between.
   */
  locate(window: { readonly from: Date; readonly to: Date }): Promise<readonly PartitionRange[]>;
  /** Gives `handle` the records in offset order, up to `maxRecords` at a time, the next ones when it is done with those before. One read at a time. */
  read(range: PartitionRange, options: ReadOptions): Promise<RangeEnd>;
  /** Lets go of what reading holds; the next read opens anew. Never fails. */
  close(): Promise<void>;
}

export interface ReadOptions {
  readonly maxRecords: number;
  handle(records: readonly LogRecord[]): Promise<'more' | 'enough'>;
}
