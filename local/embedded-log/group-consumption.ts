import type { BackOff } from '#lib/kafka/back-off.ts';
import { settleBatch, type PartOutcome } from '#lib/kafka/settle-batch.ts';
import type { ChangeLogFeed, Consumption, LogRecord } from '#lib/intake/change-log.ts';
import type { Arrivals } from './arrivals.ts';
import type { GroupOffsets } from './group-offsets.ts';
import type { PartitionLog, ReadPlace } from './partition-log.ts';

export interface GroupConsumptionOptions {
  readonly topic: string;
  readonly partitions: readonly PartitionLog[];
  readonly offsets: GroupOffsets;
  readonly arrivals: Arrivals;
  readonly backOff: BackOff;
  readonly consume: Parameters<ChangeLogFeed['consume']>[0];
  readonly onStall: (error: unknown) => void;
  readonly onEnd: () => void;
}

interface Reader {
  readonly partition: number;
  readonly log: PartitionLog;
  place: ReadPlace;
  failures: number;
  /** On the clock that never jumps. */
  waitsUntilMs: number;
}

interface Batch {
  readonly records: readonly LogRecord[];
  readonly places: ReadonlyMap<number, { readonly places: readonly ReadPlace[]; readonly next: ReadPlace }>;
}

/** Lambda's limit for an event is 6 MB, in base64; and what is read at once is held in memory. */
const maxBatchBytes = 4 * 1024 * 1024;

/** One group reading all partitions, one batch at a time. */
export class GroupConsumption implements Consumption {
  readonly #options: GroupConsumptionOptions;
  readonly #readers: Reader[];
  readonly #ended: Promise<void>;
  #stopping = false;
  #failures = 0;

  constructor(options: GroupConsumptionOptions) {
    this.#options = options;
    this.#readers = options.partitions.map((log, partition) => ({
      partition,
      log,
      place: log.placeOf(options.offsets.next(partition)),
      failures: 0,
      waitsUntilMs: 0,
    }));
    this.#ended = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    this.#options.arrivals.announce();
    await this.#ended;
  }

  async #run(): Promise<void> {
    while (!this.#stopping) {
      const seen = this.#options.arrivals.count;
      try {
        const batch = await this.#gather();
        if (batch.records.length > 0) await this.#handle(batch);
        else await this.#options.arrivals.since(seen, this.#nextWakeMs());
        this.#failures = 0;
      } catch (error) {
        // Reading or committing failed: the disk, not a record. Nothing has moved, so it is done again, and for ever.
        this.#options.onStall(error);
        this.#failures += 1;
        await this.#pause(this.#options.backOff(this.#failures));
      }
    }
    this.#options.onEnd();
  }

  /** Waits out, but not past a stop. */
  async #pause(limitMs: number): Promise<void> {
    const endsAtMs = performance.now() + limitMs;
    for (let leftMs = limitMs; leftMs > 0 && !this.#stopping; leftMs = endsAtMs - performance.now()) {
      await this.#options.arrivals.since(this.#options.arrivals.count, leftMs);
    }
  }

  async #gather(): Promise<Batch> {
    const records: LogRecord[] = [];
    const places = new Map<number, { places: ReadPlace[]; next: ReadPlace }>();
    let room = this.#options.consume.maxRecords;
    let roomBytes = maxBatchBytes;
    for (const reader of [...this.#readers]) {
      if (room <= 0 || roomBytes <= 0) break;
      if (reader.place.offset >= reader.log.nextOffset || reader.waitsUntilMs > performance.now()) continue;
      const read = await reader.log.read(reader.place, room, roomBytes);
      records.push(...read.records.map((record) => ({ ...record, topic: this.#options.topic, partition: reader.partition })));
      places.set(reader.partition, read);
      room -= read.records.length;
      roomBytes -= read.records.reduce((sum, record) => sum + record.value.length, 0);
      // Whoever was read from goes to the end of the line, so that a busy partition does not starve the others.
      this.#readers.push(...this.#readers.splice(this.#readers.indexOf(reader), 1));
    }
    return { records, places };
  }

  async #handle(batch: Batch): Promise<void> {
    const { byPartition } = await settleBatch(batch.records, (records) => this.#options.consume.handle(records));
    const moved = [...byPartition].filter(([partition, { offset }]) => offset !== this.#readerOf(partition).place.offset);
    if (moved.length > 0) await this.#commit(new Map(moved.map(([partition, { offset }]) => [partition, offset])));
    for (const [partition, outcome] of byPartition) this.#advance(this.#readerOf(partition), outcome, batch);
  }

  /** Tries until the disk takes it, so that what is handled next is not handled again for want of a note. A stop ends it, and the batch comes again. */
  async #commit(offsets: ReadonlyMap<number, number>): Promise<void> {
    for (let failures = 1; ; failures += 1) {
      try {
        this.#options.offsets.commit(offsets);
        return;
      } catch (error) {
        this.#options.onStall(error);
        if (this.#stopping) return;
        await this.#pause(this.#options.backOff(failures));
      }
    }
  }

  #advance(reader: Reader, outcome: PartOutcome, batch: Batch): void {
    const read = batch.places.get(reader.partition);
    const place = outcome.kind === 'done' ? read?.next : read?.places.find(({ offset }) => offset === outcome.offset);
    const hasMoved = outcome.offset !== reader.place.offset;
    reader.place = place ?? reader.log.placeOf(outcome.offset);
    if (outcome.kind === 'done') {
      reader.failures = 0;
      return;
    }
    reader.failures = hasMoved ? 1 : reader.failures + 1;
    reader.waitsUntilMs = performance.now() + this.#options.backOff(reader.failures);
  }

  #readerOf(partition: number): Reader {
    const reader = this.#readers.find((one) => one.partition === partition);
    if (reader === undefined) throw new RangeError(`There is no partition ${partition}`);
    return reader;
  }

  /** Until the first partition with something to read may be read again. */
  #nextWakeMs(): number {
    const waiting = this.#readers.filter((reader) => reader.place.offset < reader.log.nextOffset);
    return Math.max(0, Math.min(...waiting.map((reader) => reader.waitsUntilMs - performance.now()), Infinity));
  }
}
