import type { DeliveryQueue } from '../delivery/delivery-queue.ts';
import type { ChangeLogRange } from '../intake/change-log-range.ts';
import type { PartitionProgress } from './replay.ts';
import type { ReplaySelection } from './replay-selection.ts';

/** What working one partition of a replay needs. */
export interface PartitionParts {
  readonly log: ChangeLogRange;
  readonly queue: DeliveryQueue;
  readonly selection: ReplaySelection;
  readonly full: boolean;
  /** Writes the progress down, now and then; `now` says that this time it must be written. Answers false when another run has taken over. */
  readonly checkpoint: (progress: PartitionProgress, when: 'sometime' | 'now') => Promise<boolean>;
  /** Of the invocation, less what ending takes: 0 or less means stop. */
  readonly remainingMs: () => number;
}

/** Records looked at at a time: large enough to fill calls to the queue, small enough to stop between two. */
export const maxRecords = 200;
