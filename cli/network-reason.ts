/** Why fetch failed, as the system names it (`ECONNREFUSED`), else as the error calls itself (`TimeoutError`). */
export function networkReason(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown reason';
  const { cause } = error;
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : error.name;
}
