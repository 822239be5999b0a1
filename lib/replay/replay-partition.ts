import type { DeliveryQueue } from '../delivery/delivery-queue.ts';
import { RelayError } from '../errors.ts';
import type { ChangeLogRange } from '../intake/change-log-range.ts';
import type { LogRecord } from '../intake/change-log.ts';
import { NewestChanges } from './newest-changes.ts';
import type { PartitionProgress } from './replay.ts';
import type { ReplaySelection } from './replay-selection.ts';

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

/** `enough`: the time is up, or another run has taken over. */
export type PartitionEnd = 'all' | 'enough' | 'gone';

/** Records looked at at a time: large enough to fill calls to the queue, small enough to stop between two. */
const maxRecords = 200;
/** State keys that are remembered at once: about 100 MB. */
const maxKeys = 500_000;
/** Of the time that is left, for looking ahead; the rest is for sending. More where a stretch is known: half sufficed once. */
const lookingShare = 0.5;
const lookingAgainShare = 0.8;

/**
 * Goes on with one partition, in offset order.
 *
 * To send only the newest change of each state key, the range is read twice: once to note the highest sequence of each key, once to
 * send. A key's changes are all in one partition, so that is complete. Memory and time have bounds, so it is done in stretches: a
 * stretch ends where the keys are too many or half of the invocation's time is used, and "newest" means newest of the stretch. Nearly
 * every range is one stretch; in one that is not, a key can be sent once for each, older ones first, in its lane. The stretch is
 * written down before anything of it is sent and noted again from its beginning after a crash: the same changes are chosen.
 *
 * Newest is noted over all that the subscription is owed, before `types` and `user` narrow it: a replay of activations alone must not
 * send one that was followed by a deactivation.
 * @throws RelayError CHANGE_LOG_UNAVAILABLE, DELIVERY_QUEUE_UNAVAILABLE, REPLAY_STORE_UNAVAILABLE
 */
export async function replayPartition(begun: PartitionProgress, parts: PartitionParts): Promise<PartitionEnd> {
  let progress = begun;
  while (progress.next < progress.end) {
    if (parts.remainingMs() <= 0) return 'enough';
    const looked = parts.full ? unlimited(progress) : await lookAhead(progress, parts);
    if (looked.kind !== 'looked') return looked.kind;
    progress = { ...progress, stretch: looked.stretch };
    if (!(await parts.checkpoint(progress, 'now'))) return 'enough';
    const sending = new Sending(progress, parts, looked.newest);
    const range = { partition: progress.partition, start: progress.next, end: looked.stretch.end };
    const end = await parts.log.read(range, { maxRecords, handle: (records) => sending.handle(records) });
    if (end === 'gone') return 'gone';
    progress = end === 'all' ? { ...sending.progress, next: looked.stretch.end } : sending.progress;
    if (!(await parts.checkpoint(progress, 'now')) || end === 'enough') return 'enough';
  }
  return 'all';
}

type Looked =
  | { readonly kind: 'looked'; readonly stretch: { readonly start: number; readonly end: number }; readonly newest?: NewestChanges }
  | { readonly kind: 'enough' | 'gone' };

function unlimited({ start, end }: PartitionProgress): Looked {
  return { kind: 'looked', stretch: { start, end } };
}

/** Notes the newest changes of the stretch that `next` is in, or of a new one from `next` on. */
async function lookAhead({ partition, next, end, stretch }: PartitionProgress, parts: PartitionParts): Promise<Looked> {
  const known = stretch !== undefined && stretch.start <= next && next < stretch.end ? stretch : undefined;
  const range = { partition, start: known?.start ?? next, end: known?.end ?? end };
  const newest = new NewestChanges();
  const stopAtMs = parts.remainingMs() * (1 - (known === undefined ? lookingShare : lookingAgainShare));
  let reached = range.start;
  const handle = (records: readonly LogRecord[]): Promise<'more' | 'enough'> => {
    for (const record of records) {
      const selected = parts.selection.select(record);
      if (selected.kind === 'owed') newest.note(selected.record.change);
      reached = record.offset + 1;
    }
    // A known stretch ended where the keys were too many, give or take a handful of records: all of it is noted again.
    const isFull = newest.size >= maxKeys && known === undefined;
    return Promise.resolve(isFull || parts.remainingMs() <= stopAtMs ? 'enough' : 'more');
  };
  const ended = await parts.log.read(range, { maxRecords, handle });
  if (ended === 'gone') return { kind: 'gone' };
  const reach = ended === 'all' ? range.end : reached;
  // Slower than the run that found the stretch: the next run has all of an invocation for it.
  return reach > next ? { kind: 'looked', stretch: { start: range.start, end: reach }, newest } : { kind: 'enough' };
}

/** The second reading: what is chosen goes on the queue, and only then counts as done. */
class Sending {
  progress: PartitionProgress;
  readonly #parts: PartitionParts;
  readonly #newest: NewestChanges | undefined;

  constructor(progress: PartitionProgress, parts: PartitionParts, newest: NewestChanges | undefined) {
    this.progress = progress;
    this.#parts = parts;
    this.#newest = newest;
  }

  async handle(records: readonly LogRecord[]): Promise<'more' | 'enough'> {
    const { selection, queue } = this.#parts;
    const inside = records.map((record) => selection.select(record)).filter(({ kind }) => kind !== 'outside');
    const matched = inside.flatMap((selected) => (selected.kind === 'owed' && selected.wanted ? [selected.record] : []));
    const chosen = matched.filter(({ change }) => this.#newest?.includes(change) ?? true);
    const { notSent, refused } = await queue.send(chosen.map((record) => selection.delivery(record)));
    if (notSent.length > 0) {
      const facts = { deliveries: notSent.length };
      throw new RelayError('DELIVERY_QUEUE_UNAVAILABLE', 'The queue of replayed deliveries did not take everything', { facts });
    }
    const { progress } = this;
    this.progress = {
      ...progress,
      next: (records.at(-1)?.offset ?? progress.next - 1) + 1,
      read: progress.read + inside.length,
      matched: progress.matched + matched.length,
      queued: progress.queued + chosen.length - refused.length,
      // What was refused is in quarantine since fan-out met it, and so is what is unreadable.
      skipped: progress.skipped + refused.length + inside.filter(({ kind }) => kind === 'unreadable').length,
    };
    const isOurs = await this.#parts.checkpoint(this.progress, 'sometime');
    return isOurs && this.#parts.remainingMs() > 0 ? 'more' : 'enough';
  }
}
