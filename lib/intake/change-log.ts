/** A record as it is given to the log. */
export interface ChangeRecord {
  /** Partition key. The same key always lands in the same partition (Kafka's default partitioner: murmur2). */
  readonly key: string;
  /** Serialised change, UTF-8. */
  readonly value: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Port: the durable, partitioned log of identity changes. Two implementations stand behind it, Apache Kafka (lib/kafka)
 * and the embedded log of local mode (local/embedded-log); test/contract/change-log.contract.ts holds both to this text.
 */
export interface ChangeLog {
  /**
   * Resolves once every record is durable (acks=all). Records that share a key keep the order they are given in.
   * All or nothing is not promised: after a failure some may have been written, and the caller appends all of them again.
   * @throws RelayError CHANGE_LOG_UNAVAILABLE when that was not reached within `budgetMs`; CHANGES_TOO_LARGE when the log is there and
   * does not take as much in one batch. In several appends it may; one record by itself that is refused always will be.
   */
  append(records: readonly ChangeRecord[], options: { budgetMs: number }): Promise<void>;
}

/** A record as a consumer sees it. */
export interface LogRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** When it was appended, epoch milliseconds. */
  readonly timestampMs: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly { readonly name: string; readonly value: Uint8Array }[];
}

/** For each partition that must not go on: the offset to read again from. A partition not named is done with its whole batch. */
export type ResumePoints = ReadonlyMap<number, number>;

/**
 * Port: reading the log as one consumer group, the way Lambda's MSK event source mapping does.
 * - a batch may hold several partitions; within a partition records come in offset order;
 * - no two calls of `handle` run at once for the same partition;
 * - offsets are committed per partition after `handle` returned: past the batch, or up to the named resume point;
 * - when `handle` throws, every partition of the batch is read again from its first record, after a back-off;
 * - retries never end.
 */
export interface ChangeLogFeed {
  consume(options: {
    groupId: string;
    maxRecords: number;
    handle(records: readonly LogRecord[]): Promise<ResumePoints>;
  }): Promise<Consumption>;
}

export interface Consumption {
  /** Stops after the batch in hand; what it finished is committed. */
  stop(): Promise<void>;
}

/** Name of the topic all changes are in. A change of its partition count or key means a new version. */
export const changeTopic = 'identity.changes.v1';
