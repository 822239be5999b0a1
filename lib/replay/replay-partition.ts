import { RelayError } from '../errors.ts';
import type { ChangeLogRange } from '../intake/change-log-range.ts';
import type { LogRecord } from '../intake/change-log.ts';
import { lookAhead, type Looked } from './look-ahead.ts';
import type { NewestChanges } from './newest-changes.ts';
import { maxRecords, type PartitionParts } from './partition-parts.ts';
import type { PartitionProgress } from './replay.ts';

/** `enough`: the time is up, or another run has taken over. */
export type PartitionEnd = 'all' | 'enough';

/**
 * Goes on with one partition, in offset order.
 *
 * To send only the newest change of each state key, the range is read twice: once to note the highest sequence of each key, once to
 * send. A key's changes share a partition (docs/decisions/0010), so that is complete. Memory and time have bounds, so it is done in
 * stretches: a stretch ends where the changes are too many or half of the invocation's time is used, and "newest" means newest of the
 * stretch. Nearly every range is one stretch; in one that is not, a key can be sent once for each, older ones first, in its lane. The
 * stretch is written down before anything of it is sent and noted again from its beginning after a crash: the same changes are chosen.
 *
 * Newest is noted over all that the subscription is owed, before `types` and `user` narrow it: a replay of activations alone must not
 * send one that was followed by a deactivation.
 *
 * What the log has dropped meanwhile is counted as `gone` and passed over: the rest is still owed.
 * @throws RelayError CHANGE_LOG_UNAVAILABLE, DELIVERY_QUEUE_UNAVAILABLE, REPLAY_STORE_UNAVAILABLE
 */
export async function replayPartition(begun: PartitionProgress, parts: PartitionParts): Promise<PartitionEnd> {
  let progress = begun;
  while (progress.next < progress.end) {
    if (parts.remainingMs() <= 0) return 'enough';
    const worked = await workStretch(progress, parts);
    progress = worked.end === 'gone' ? await passOver(worked.progress, parts.log) : worked.progress;
    if (!(await parts.checkpoint(progress, 'now')) || worked.end === 'enough') return 'enough';
  }
  return 'all';
}

interface Worked {
  readonly end: 'all' | 'enough' | 'gone';
  readonly progress: PartitionProgress;
}

async function workStretch(progress: PartitionProgress, parts: PartitionParts): Promise<Worked> {
  const looked = parts.full ? unlimited(progress) : await lookAhead(progress, parts);
  if (looked.kind !== 'looked') return { end: looked.kind, progress };
  const { stretch, newest } = looked;
  const begun = { ...progress, stretch };
  if (!(await parts.checkpoint(begun, 'now'))) return { end: 'enough', progress: begun };
  const sending = new Sending(begun, parts, newest);
  const range = { partition: begun.partition, start: begun.next, end: stretch.end };
  const end = await parts.log.read(range, { maxRecords, handle: (records) => sending.handle(records) });
  return { end, progress: end === 'all' ? { ...sending.progress, next: stretch.end } : sending.progress };
}

function unlimited({ start, end }: PartitionProgress): Looked {
  return { kind: 'looked', stretch: { start, end } };
}

/**
 * On from the first record that the log still holds. A stretch whose beginning is gone begins there too: what it had noted of it
 * was worked, or is lost with it.
 */
async function passOver(progress: PartitionProgress, log: ChangeLogRange): Promise<PartitionProgress> {
  const { partition, next, end, stretch } = progress;
  const beginning = new Date(0);
  const held = (await log.locate({ from: beginning, to: beginning })).find((range) => range.partition === partition)?.start ?? end;
  const on = Math.min(Math.max(next, held), end);
  const isCut = stretch !== undefined && stretch.start < held;
  // Passing over nothing, it would be asked again and again.
  if (on === next && !isCut)
    throw new RelayError('CHANGE_LOG_UNAVAILABLE', 'The log has a record and says it is gone', { facts: { partition } });
  return {
    ...progress,
    next: on,
    gone: (progress.gone ?? 0) + on - next,
    ...(isCut ? { stretch: { start: Math.min(held, stretch.end), end: stretch.end } } : {}),
  };
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
