import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { RelayError } from '#lib/errors.ts';
import type { ChangeLogRange } from '#lib/intake/change-log-range.ts';
import type { ChangeLog, ChangeLogFeed, ChangeRecord, Consumption } from '#lib/intake/change-log.ts';
import { doublingBackOff, type BackOff } from '#lib/kafka/back-off.ts';
import { DeadlinePassed, within } from '#lib/kafka/deadline.ts';
import { partitionOfKey } from '#lib/kafka/partition-of-key.ts';
import { Arrivals } from './arrivals.ts';
import { GroupConsumption } from './group-consumption.ts';
import { GroupOffsets } from './group-offsets.ts';
import { PartitionLog } from './partition-log.ts';
import { embeddedRange } from './range-reader.ts';
import { readStateFile, writeStateFile } from './state-file.ts';

export interface EmbeddedLogOptions {
  /** Folder that the log has for itself. One process at a time may have it open. */
  readonly dir: string;
  readonly topic: string;
  readonly partitions: number;
  readonly now?: () => Date;
  readonly backOff?: BackOff;
  /** A new segment file is begun past this size. */
  readonly segmentBytes?: number;
  /** Hears why a consumer cannot go on for now (a damaged file, a full disk); it keeps trying. */
  readonly onStall?: (error: unknown) => void;
}

export interface EmbeddedLog extends ChangeLog, ChangeLogFeed {
  /** Reading a piece of it again. */
  readonly range: ChangeLogRange;
  /** Stops the consumers, then the log. */
  close(): Promise<void>;
}

const defaultSegmentBytes = 16 * 1024 * 1024;

/**
 * The change log of local mode: partitioned, on disk, behind the same ports as Kafka. A record is acknowledged once the
 * operating system has it: it survives `kill -9` of this process at any moment, and, like a record in a Kafka broker's page
 * cache, not the loss of power; with only this one copy it is for development. Records are kept for good.
 * @throws RelayError LOCAL_START_FAILED when the folder holds another number of partitions, another version's files or
 * damaged ones
 */
export async function openEmbeddedLog(options: EmbeddedLogOptions): Promise<EmbeddedLog> {
  const dir = join(options.dir, options.topic);
  mkdirSync(dir, { recursive: true });
  claimPartitionCount(join(dir, 'log.json'), options.partitions);
  const partitions: PartitionLog[] = [];
  try {
    for (let partition = 0; partition < options.partitions; partition += 1) {
      partitions.push(await PartitionLog.open(join(dir, `partition-${partition}`), options.segmentBytes ?? defaultSegmentBytes));
    }
  } catch (error) {
    for (const partition of partitions) await partition.close();
    throw startError(`the change log in ${dir} cannot be opened: ${error instanceof Error ? error.message : String(error)}`, error);
  }
  return new DiskLog(options, join(dir, 'groups'), partitions);
}

/** Keys would land in other partitions with another count. */
function claimPartitionCount(path: string, partitions: number): void {
  const found = readStateFile(path)?.['partitions'];
  if (found === undefined) writeStateFile(path, { partitions });
  else if (found !== partitions) {
    throw startError(
      `the change log at ${path} was made with ${JSON.stringify(found)} partitions and not ${partitions}: delete the state folder to start afresh`,
    );
  }
}

class DiskLog implements EmbeddedLog {
  readonly range: ChangeLogRange;
  readonly #options: EmbeddedLogOptions;
  readonly #groupsDir: string;
  readonly #partitions: readonly PartitionLog[];
  readonly #arrivals = new Arrivals();
  readonly #consuming = new Map<string, Consumption>();
  readonly #now: () => Date;
  #closed = false;

  constructor(options: EmbeddedLogOptions, groupsDir: string, partitions: readonly PartitionLog[]) {
    this.#options = options;
    this.#groupsDir = groupsDir;
    this.#partitions = partitions;
    this.range = embeddedRange({ topic: options.topic, partitions });
    this.#now = options.now ?? (() => new Date());
  }

  async append(records: readonly ChangeRecord[], { budgetMs }: { budgetMs: number }): Promise<void> {
    try {
      if (budgetMs <= 0) throw new DeadlinePassed('There was no time left');
      if (this.#closed) throw new Error('The log is closed');
      await within(budgetMs, this.#append(records));
    } catch (cause) {
      const reason = cause instanceof DeadlinePassed ? 'timeout' : 'disk';
      throw new RelayError('CHANGE_LOG_UNAVAILABLE', 'The embedded log did not take the records', {
        facts: { reason, topic: this.#options.topic },
        cause,
      });
    } finally {
      // Also after a failure: the records of some partitions may be there.
      this.#arrivals.announce();
    }
  }

  async #append(records: readonly ChangeRecord[]): Promise<void> {
    const timestampMs = this.#now().getTime();
    const byPartition = Map.groupBy(records, (record) => partitionOfKey(record.key, this.#partitions.length));
    const writes = [...byPartition].map(([partition, list]) => this.#partition(partition).append(list, timestampMs));
    // All of them come to their end before the first failure is told, so that nothing is written after the answer.
    const results = await Promise.allSettled(writes);
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  #partition(partition: number): PartitionLog {
    const log = this.#partitions[partition];
    if (log === undefined) throw new RangeError(`There is no partition ${partition}`);
    return log;
  }

  async consume(consume: Parameters<ChangeLogFeed['consume']>[0]): Promise<Consumption> {
    const { groupId } = consume;
    if (this.#consuming.has(groupId)) throw startError(`group ${groupId} already reads the embedded log: it has one reader`);
    const offsets = GroupOffsets.open(this.#groupsDir, groupId);
    for (const [partition, { nextOffset }] of this.#partitions.entries()) {
      if (offsets.next(partition) > nextOffset)
        throw startError(`group ${groupId} has read past the end of partition ${partition}: part of the log is missing`);
    }
    const consumption = new GroupConsumption({
      topic: this.#options.topic,
      partitions: this.#partitions,
      offsets,
      arrivals: this.#arrivals,
      backOff: this.#options.backOff ?? doublingBackOff,
      consume,
      onStall: this.#options.onStall ?? (() => undefined),
      onEnd: () => this.#consuming.delete(groupId),
    });
    this.#consuming.set(groupId, consumption);
    return consumption;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#consuming.values()].map((consumption) => consumption.stop()));
    await Promise.all(this.#partitions.map((partition) => partition.close()));
  }
}

function startError(message: string, cause?: unknown): RelayError {
  return new RelayError('LOCAL_START_FAILED', message, { cause });
}
