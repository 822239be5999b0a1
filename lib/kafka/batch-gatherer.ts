import type { LogRecord, ResumePoints } from '../intake/change-log.ts';
import { settleBatch, type PartOutcome, type SettledBatch } from './settle-batch.ts';

/** Records of one partition that wait to be handled together with those of others. */
export interface Offer {
  /** `withdrawn`: they were not handled. */
  readonly outcome: Promise<PartOutcome | { readonly kind: 'withdrawn' }>;
  /** Takes them back unless they are being handled already. */
  withdraw(): void;
}

interface Waiting {
  readonly records: readonly LogRecord[];
  readonly settle: (outcome: PartOutcome | { readonly kind: 'withdrawn' }) => void;
}

/**
 * kafkajs hands over one partition at a time; the event source mapping hands over batches of several. This puts together what
 * is there, up to `maxRecords`, and runs one `handle` at a time, so that no partition is ever handled twice at once.
 */
export class BatchGatherer {
  readonly #options: {
    readonly maxRecords: number;
    handle(records: readonly LogRecord[]): Promise<ResumePoints>;
    onSettled(batch: SettledBatch): void;
  };
  #waiting: Waiting[] = [];
  #handling: Promise<void> | undefined;
  #closed = false;

  constructor(options: {
    readonly maxRecords: number;
    handle(records: readonly LogRecord[]): Promise<ResumePoints>;
    onSettled(batch: SettledBatch): void;
  }) {
    this.#options = options;
  }

  /** @param records of one partition, one at least and `maxRecords` at most */
  offer(records: readonly LogRecord[]): Offer {
    const { promise, resolve } = Promise.withResolvers<PartOutcome | { readonly kind: 'withdrawn' }>();
    const waiting: Waiting = { records, settle: resolve };
    if (this.#closed) resolve({ kind: 'withdrawn' });
    else {
      this.#waiting.push(waiting);
      this.#handling ??= this.#run();
    }
    return { outcome: promise, withdraw: () => this.#withdraw(waiting) };
  }

  /** Nothing more is handled; resolves after the batch in hand. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const waiting of [...this.#waiting]) this.#withdraw(waiting);
    await this.#handling;
  }

  #withdraw(waiting: Waiting): void {
    const at = this.#waiting.indexOf(waiting);
    if (at === -1) return;
    this.#waiting.splice(at, 1);
    waiting.settle({ kind: 'withdrawn' });
  }

  async #run(): Promise<void> {
    // One turn of the event loop: the other partitions of the same fetch are offered within it.
    await new Promise((resolve) => setImmediate(resolve));
    for (let parts = this.#take(); parts.length > 0; parts = this.#take()) {
      const settled = await settleBatch(
        parts.flatMap((part) => part.records),
        (records) => this.#options.handle(records),
      );
      this.#options.onSettled(settled);
      for (const { records, settle } of parts) settle(settled.byPartition.get(records[0]?.partition ?? -1) ?? { kind: 'withdrawn' });
    }
    this.#handling = undefined;
  }

  #take(): Waiting[] {
    let room = this.#options.maxRecords;
    const taken: Waiting[] = [];
    this.#waiting = this.#waiting.filter((waiting) => {
      if (waiting.records.length > room) return true;
      room -= waiting.records.length;
      taken.push(waiting);
      return false;
    });
    return taken;
  }
}
