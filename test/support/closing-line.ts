/** What everything came to. Each check stage, broken file, stray error and unexplained skip counts like a test. */
export interface Totals {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** The last line of `npm test`: `N passed, N failed`, and `, N skipped` when there were any. */
export function closingLine({ passed, failed, skipped }: Totals): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}
