import type { LogRecord } from '../intake/change-log.ts';
import { NewestChanges } from './newest-changes.ts';
import { maxRecords, type PartitionParts } from './partition-parts.ts';
import type { PartitionProgress } from './replay.ts';

export type Looked =
  | { readonly kind: 'looked'; readonly stretch: { readonly start: number; readonly end: number }; readonly newest?: NewestChanges }
  | { readonly kind: 'enough' | 'gone' };

/** Changes of state that are remembered at once: 170 MB when each has a state key of its own. */
const maxChanges = 1_000_000;
/** Of the time that is left, for looking ahead; the rest is for sending. More where a stretch is known: half sufficed once. */
const lookingShare = 0.5;
const lookingAgainShare = 0.8;

/**
 * Notes the newest changes of the stretch that `next` is in, or of a new one from `next` on.
 * @throws RelayError CHANGE_LOG_UNAVAILABLE
 */
export async function lookAhead({ partition, next, end, stretch }: PartitionProgress, parts: PartitionParts): Promise<Looked> {
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
    // A known stretch ended where the changes were too many, give or take a handful of records: all of it is noted again.
    const isFull = newest.size >= maxChanges && known === undefined;
    return Promise.resolve(isFull || parts.remainingMs() <= stopAtMs ? 'enough' : 'more');
  };
  const ended = await parts.log.read(range, { maxRecords, handle });
  if (ended === 'gone') return { kind: 'gone' };
  const reach = ended === 'all' ? range.end : reached;
  // Slower than the run that found the stretch: the next run has all of an invocation for it.
  return reach > next ? { kind: 'looked', stretch: { start: range.start, end: reach }, newest } : { kind: 'enough' };
}
