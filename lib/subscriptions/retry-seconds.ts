/** What a subscription's own waits between attempts may be. */
export const retryBounds = {
  maxWaits: 15,
  minWaitSeconds: 1,
  /** A day, the longest wait of the schedule that everybody has. */
  maxWaitSeconds: 24 * 60 * 60,
  /** What is owed for longer is dead-lettered in any case (`deliveryLifetimeMs` in lib/delivery/delivery.ts). */
  maxSumSeconds: 7 * 24 * 60 * 60,
} as const;

/** What is wrong with a subscription's own waits, in words, or undefined. */
export function retrySecondsProblem(waits: readonly number[]): string | undefined {
  const { maxWaits, minWaitSeconds, maxWaitSeconds, maxSumSeconds } = retryBounds;
  if (waits.length === 0 || waits.length > maxWaits) return `must have 1 to ${maxWaits} waits`;
  if (waits.some((wait) => !Number.isInteger(wait) || wait < minWaitSeconds || wait > maxWaitSeconds)) {
    return `must be whole seconds from ${minWaitSeconds} to ${maxWaitSeconds} (a day)`;
  }
  if (waits.reduce((sum, wait) => sum + wait, 0) > maxSumSeconds) return `must come to ${maxSumSeconds} seconds (seven days) at most`;
  return undefined;
}
