/**
 * A refusal is answered at a whole multiple of this after the request came. Whether an org is known, which schemes it has and whether a
 * secret is right all cost the same computing, and the same reads of the store for whoever guesses less than once a second. What differs by
 * little disappears in here. A call to KMS, for an org that signs and whose key is not at hand, may take longer than a step, and then shows.
 */
const stepMs = 25;

export interface RefusalClock {
  /** Milliseconds from any beginning, with fractions; never set back. */
  readonly elapsedMs: () => number;
  readonly pause: (ms: number) => Promise<void>;
}

/** Resolves at the next step after now, counted from `startedAtMs` of the same clock. */
export async function refuseEvenly(startedAtMs: number, clock: RefusalClock): Promise<void> {
  const spentMs = Math.max(0, clock.elapsedMs() - startedAtMs);
  await clock.pause(stepMs - (spentMs % stepMs));
}
