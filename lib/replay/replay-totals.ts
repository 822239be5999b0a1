import type { Replay } from './replay.ts';

/** How much of it was read, matched, queued and skipped, over all partitions. */
export function replayTotals({ partitions }: Pick<Replay, 'partitions'>): Record<'read' | 'matched' | 'queued' | 'skipped', number> {
  const sum = (name: 'read' | 'matched' | 'queued' | 'skipped') => partitions.reduce((total, progress) => total + progress[name], 0);
  return { read: sum('read'), matched: sum('matched'), queued: sum('queued'), skipped: sum('skipped') };
}
