import type { LogRecord, ResumePoints } from '../intake/change-log.ts';

/** What became of one partition's part of a batch. */
export type PartOutcome =
  /** Read on from `offset`: all of it was handled. */
  | { readonly kind: 'done'; readonly offset: number }
  /** Read again from `offset`, after a back-off: what came before it was handled. */
  | { readonly kind: 'again'; readonly offset: number };

export interface SettledBatch {
  readonly byPartition: ReadonlyMap<number, PartOutcome>;
  /** Why the whole batch is read again, when it is. */
  readonly failure?: unknown;
}

/**
 * Calls `handle` once and answers what each partition of the batch does next, as the port ChangeLogFeed says. An answer that
 * names a partition or offset that was not in the batch counts as a failure, as it does for Lambda.
 */
export async function settleBatch(
  records: readonly LogRecord[],
  handle: (records: readonly LogRecord[]) => Promise<ResumePoints>,
): Promise<SettledBatch> {
  const bounds = boundsByPartition(records);
  try {
    const points = await handle(records);
    for (const [partition, offset] of points) {
      const bound = bounds.get(partition);
      if (bound === undefined || !(offset >= bound.first && offset <= bound.last)) {
        throw new RangeError(`Resume point ${partition}:${offset} names nothing in the batch`);
      }
    }
    return { byPartition: mapValues(bounds, ({ last }, partition) => resumeOrDone(points.get(partition), last)) };
  } catch (failure) {
    return { byPartition: mapValues(bounds, ({ first }) => ({ kind: 'again', offset: first })), failure };
  }
}

function resumeOrDone(point: number | undefined, last: number): PartOutcome {
  return point === undefined ? { kind: 'done', offset: last + 1 } : { kind: 'again', offset: point };
}

function boundsByPartition(records: readonly LogRecord[]): Map<number, { first: number; last: number }> {
  const bounds = new Map<number, { first: number; last: number }>();
  for (const { partition, offset } of records) {
    const bound = bounds.get(partition);
    if (bound === undefined) bounds.set(partition, { first: offset, last: offset });
    else bound.last = offset;
  }
  return bounds;
}

function mapValues<V>(
  bounds: ReadonlyMap<number, { first: number; last: number }>,
  value: (bound: { first: number; last: number }, partition: number) => V,
): Map<number, V> {
  return new Map([...bounds].map(([partition, bound]) => [partition, value(bound, partition)]));
}
