import type { Replay } from './replay.ts';

type Total = 'read' | 'matched' | 'queued' | 'skipped' | 'gone';

/** How much of it was read, matched, queued, skipped, and gone from the log, over all partitions. */
export function replayTotals({ partitions }: Pick<Replay, 'partitions'>): Record<Total, number> {
  const sum = (name: Total) => partitions.reduce((total, progress) => total + (progress[name] ?? 0), 0);
  return { read: sum('read'), matched: sum('matched'), queued: sum('queued'), skipped: sum('skipped'), gone: sum('gone') };
}
