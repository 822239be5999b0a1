export interface PhaseLoad {
  /** Changes in a second, each to every subscriber. */
  readonly perSecond: number;
  readonly seconds: number;
}

export interface TimedChange {
  /** Since the phase began. */
  readonly atMs: number;
  /** Counted from 0. */
  readonly person: number;
  /** Whether it is the next change of the person before, and so waits in the same lanes. */
  readonly isNext: boolean;
}

/**
 * Within this, a queue may still withhold what is behind the first one: `deliver` takes what is done out of a slow batch only after a second
 * (docs/decisions/0009-free-the-lanes-beside-a-silent-endpoint.md).
 */
const nextWithinMs = 500;

/** Evenly spread over the time, but that every second change is the same person's next, half a second later at most. */
export function changesOf({ perSecond, seconds }: PhaseLoad): TimedChange[] {
  const apartMs = 1_000 / perSecond;
  return Array.from({ length: perSecond * seconds }, (_, index) => {
    const person = Math.floor(index / 2);
    const isNext = index % 2 === 1;
    return { atMs: person * 2 * apartMs + (isNext ? Math.min(apartMs, nextWithinMs) : 0), person, isNext };
  });
}
