import type { DueLane } from '../delivery/lane-store.ts';
import type { SweepParts } from './sweep-parts.ts';

/** Lanes that are read in a run: a few seconds of its minute, where all of them are about removals. */
const mostLanes = 500;
const readsAtATime = 10;

export interface OldestRemoval {
  /** From Okta's `published` until now, never 0 where one is owed; 0: none is. */
  readonly seconds: number;
  /** Of lanes that could not be read. */
  readonly errors: readonly unknown[];
}

/**
 * How long the oldest removal in these lanes has been owed. A lane remembers that a removal was in it when that has long been delivered, so each is
 * read, those parked longest first. Of what cannot be read, or there is no time for, the worst is taken for granted: a removal that was in it when it was
 * parked is there still. An alarm that is one too many is looked at; an account that stays open is not.
 */
export async function oldestRemoval(
  { lanes, now }: Pick<SweepParts, 'lanes' | 'now'>,
  { among, hasTime }: { among: readonly DueLane[]; hasTime: () => boolean },
): Promise<OldestRemoval> {
  const inOrder = among.toSorted((a, b) => a.parkedAt.getTime() - b.parkedAt.getTime());
  const sinceMs: number[] = [];
  const errors: unknown[] = [];
  let read = 0;
  for (; read < Math.min(inOrder.length, mostLanes) && hasTime(); read += readsAtATime) {
    const some = inOrder.slice(read, read + readsAtATime);
    for (const [index, outcome] of (await Promise.allSettled(some.map((lane) => lanes.removalSince(lane)))).entries()) {
      const since = outcome.status === 'fulfilled' ? outcome.value : some[index]?.parkedAt;
      if (since !== undefined) sinceMs.push(since.getTime());
      if (outcome.status === 'rejected') errors.push(outcome.reason);
    }
  }
  const oldestMs = Math.min(...sinceMs, ...inOrder.slice(read, read + 1).map(({ parkedAt }) => parkedAt.getTime()));
  return { seconds: Number.isFinite(oldestMs) ? Math.max(1, Math.ceil((now().getTime() - oldestMs) / 1_000)) : 0, errors };
}
