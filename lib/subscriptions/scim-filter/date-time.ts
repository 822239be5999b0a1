const dateTime = /^([0-9]{4})-([0-9]{2})-([0-9]{2})T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:[0-9]{2})$/;

/**
 * Epoch milliseconds of an RFC 3339 date-time with its offset, as RFC 7643 §2.3.5 asks; undefined for any other text.
 * Digits past the millisecond are dropped.
 */
export function instantOf(text: string): number | undefined {
  if (text.length > 35) return undefined;
  const parts = dateTime.exec(text.toUpperCase());
  if (parts === null) return undefined;
  const [, year, month, day] = parts;
  // Date.parse moves 30 February into March; such a text is not a date.
  if (new Date(Date.UTC(Number(year), Number(month) - 1, Number(day))).getUTCDate() !== Number(day)) return undefined;
  const instant = Date.parse(parts[0]);
  return Number.isNaN(instant) ? undefined : instant;
}
