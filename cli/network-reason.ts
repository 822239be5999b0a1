/** Why fetch failed: as the system names it (`ECONNREFUSED`), else what fetch says is behind it (`bad port`), else as the error calls itself (`TimeoutError`). */
export function networkReason(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown reason';
  const { cause } = error;
  if (!(cause instanceof Error)) return error.name;
  return 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.message;
}
