import type { DeliveryQueue } from '../delivery/delivery-queue.ts';
import type { ReplayId } from '../delivery/replay-mark.ts';
import type { ChangeLogRange, PartitionRange } from '../intake/change-log-range.ts';
import type { SubscriptionReader } from '../subscriptions/subscription.ts';
import { replayPartition } from './replay-partition.ts';
import { ReplaySelection } from './replay-selection.ts';
import { replayTotals } from './replay-totals.ts';
import type { PartitionProgress, Replay, ReplayFailure, ReplayStore } from './replay.ts';

export interface ReplayParts {
  readonly store: ReplayStore;
  readonly subscriptions: Pick<SubscriptionReader, 'find'>;
  readonly log: ChangeLogRange;
  /** The queue of replayed deliveries, not the live one. */
  readonly queue: DeliveryQueue;
  readonly now: () => Date;
}

export type RunOutcome =
  | { readonly kind: 'done' | 'failed'; readonly replay: Replay }
  /** The time was up: the next run goes on from what is written down. */
  | { readonly kind: 'continues'; readonly replay: Replay }
  /** Another run took it over. */
  | { readonly kind: 'lost'; readonly replay: Replay }
  /** It was finished before this run. */
  | { readonly kind: 'finished' }
  | { readonly kind: 'unknown' };

/** Kept for ending: a call to the queue with its retries (up to 10 s), one write to the store, leaving the log. */
const reserveMs = 20_000;
/** Between two notes of progress. What a run that is killed did since the last one is done again, under the same ids. */
const checkpointMs = 1_000;

/**
 * One run of a replay: on from where the last one stopped, to the end or until the time is up. Killed anywhere it loses nothing:
 * the range was fixed at the first run, progress is written down after the queue has what it stands for, and what is sent again
 * carries the same delivery ids, which queue and delivery log recognise.
 * @param remainingMs what is left of the invocation
 * @throws RelayError whatever an outage brings; the replay then waits and goes on
 */
export async function runReplay(parts: ReplayParts, id: ReplayId, remainingMs: () => number): Promise<RunOutcome> {
  const begun = await parts.store.begin(id);
  if (begun.kind !== 'begun') return begun;
  const run = new Run(parts, begun);
  const subscription = await parts.subscriptions.find(run.replay.subscription);
  if (subscription === undefined) return run.fail('subscription-deleted');
  if (subscription.status !== 'active' && subscription.status !== 'paused') return run.fail('subscription-disabled');
  const selection = new ReplaySelection(run.replay, subscription);
  try {
    if (run.replay.partitions.length === 0) {
      const { from, to } = run.replay;
      await run.locate(await parts.log.locate({ from: new Date(from), to: new Date(to) }));
    }
    for (const progress of run.replay.partitions) {
      const end = await replayPartition(progress, {
        log: parts.log,
        queue: parts.queue,
        selection,
        full: run.replay.full,
        checkpoint: (reached, when) => run.checkpoint(reached, when),
        remainingMs: () => remainingMs() - reserveMs,
      });
      if (run.isLost) return { kind: 'lost', replay: run.replay };
      if (end === 'enough') return { kind: 'continues', replay: run.replay };
    }
    return await (replayTotals(run.replay).gone > 0 ? run.fail('range-gone') : run.finish('done', null));
  } finally {
    await parts.log.close();
  }
}

class Run {
  replay: Replay;
  isLost = false;
  readonly #parts: ReplayParts;
  readonly #turn: number;
  #writtenAtMs = 0;

  constructor(parts: ReplayParts, { replay, turn }: { replay: Replay; turn: number }) {
    this.#parts = parts;
    this.replay = replay;
    this.#turn = turn;
  }

  /** Fixes the range, before anything of it is read: what is appended from now on is in no run. */
  async locate(ranges: readonly PartitionRange[]): Promise<void> {
    const none = { read: 0, matched: 0, queued: 0, skipped: 0 };
    await this.#write({ partitions: ranges.map(({ partition, start, end }) => ({ partition, start, end, next: start, ...none })) });
  }

  async checkpoint(reached: PartitionProgress, when: 'sometime' | 'now'): Promise<boolean> {
    const partitions = this.replay.partitions.map((known) => (known.partition === reached.partition ? reached : known));
    this.replay = { ...this.replay, partitions };
    if (when === 'now' || this.#parts.now().getTime() - this.#writtenAtMs >= checkpointMs) await this.#write({});
    return !this.isLost;
  }

  fail(error: ReplayFailure): Promise<RunOutcome> {
    return this.finish('failed', error);
  }

  async finish(status: 'done' | 'failed', error: ReplayFailure | null): Promise<RunOutcome> {
    await this.#write({ status, error });
    return { kind: this.isLost ? 'lost' : status, replay: this.replay };
  }

  async #write(change: Partial<Pick<Replay, 'status' | 'error' | 'partitions'>>): Promise<void> {
    const at = this.#parts.now();
    this.replay = { ...this.replay, ...change, updatedAt: at.toISOString() };
    const written = await this.#parts.store.save({ id: this.replay.id, turn: this.#turn }, this.replay);
    this.#writtenAtMs = at.getTime();
    this.isLost ||= written === 'lost';
  }
}
