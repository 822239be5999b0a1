/**
 * The secrets of a scheme that count at this time, newest first. The previous one ends with its rotation by the clock, not by somebody's
 * coming back to take it out.
 */
export function usableSecrets<T>(secrets: readonly T[], previousUntil: string | undefined, nowMs: number): readonly T[] {
  return previousUntil !== undefined && nowMs >= Date.parse(previousUntil) ? secrets.slice(0, 1) : secrets;
}
