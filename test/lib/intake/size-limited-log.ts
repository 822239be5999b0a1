import { RelayError } from '#lib/errors.ts';
import type { ChangeLog, ChangeRecord } from '#lib/intake/change-log.ts';

/**
 * A log that refuses a partition's batch over its limit, as Kafka does: what the same append has for other partitions is written all
 * the same. Each key has a partition of its own.
 */
export class SizeLimitedLog implements ChangeLog {
  readonly records: ChangeRecord[] = [];
  readonly budgetsMs: number[] = [];
  readonly maxBatchBytes: number;
  /** Appends until it goes away for good. */
  appendsLeft = Infinity;

  constructor(maxBatchBytes: number) {
    this.maxBatchBytes = maxBatchBytes;
  }

  append(records: readonly ChangeRecord[], { budgetMs }: { budgetMs: number }): Promise<void> {
    this.budgetsMs.push(budgetMs);
    if (this.appendsLeft-- <= 0 || budgetMs <= 0) return Promise.reject(new RelayError('CHANGE_LOG_UNAVAILABLE', 'away'));
    const batches = [...Map.groupBy(records, ({ key }) => key).values()];
    const tooLarge = batches.filter((batch) => batch.reduce((sum, { value }) => sum + value.byteLength, 0) > this.maxBatchBytes);
    this.records.push(...batches.filter((batch) => !tooLarge.includes(batch)).flat());
    return tooLarge.length === 0 ? Promise.resolve() : Promise.reject(new RelayError('CHANGES_TOO_LARGE', 'too large'));
  }
}
