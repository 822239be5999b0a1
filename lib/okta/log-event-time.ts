/** The first and the first-too-late instant that has 13 digits as epoch milliseconds: 2001-09-09 and 2286-11-20. */
const firstMs = 1_000_000_000_000;
const endMs = 10_000_000_000_000;
const dayMs = 86_400_000;

const dateTime = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?(?:[Zz]|([+-])(\d\d)(?::?(\d\d))?)$/;

/**
 * The instant that Okta's `published` names, or undefined when it names none.
 *
 * A date here is an RFC 3339 date-time, with the freedom of ISO 8601 to leave seconds out, to write the fraction with a
 * comma and of any length (cut to milliseconds, never rounded, so that it cannot move into the next one), and to shorten
 * the offset. Without an offset it is no instant: it could be any of 26 hours. Outside the years in which epoch
 * milliseconds have 13 digits it is none either, because a change's `sequence` is compared as text.
 */
export function readLogEventTime(text: string): Date | undefined {
  const parts = dateTime.exec(text);
  if (parts === null) return undefined;
  const [, year, month, day, hour, minute, second, fraction = '', sign, offsetHour, offsetMinute] = parts;
  const clock = { hour: Number(hour), minute: Number(minute), second: Number(second ?? 0) };
  const offset = { hour: Number(offsetHour ?? 0), minute: Number(offsetMinute ?? 0) };
  if (clock.hour > 23 || clock.minute > 59 || clock.second > 60 || offset.hour > 23 || offset.minute > 59) return undefined;

  const midnight = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  // Date.UTC reads 30 February as 2 March; a date that does not come back as it was given does not exist.
  if (!midnight.toISOString().startsWith(`${year}-${month}-${day}T`)) return undefined;

  const milliseconds = Number(fraction.slice(0, 3).padEnd(3, '0'));
  const offsetMs = (offset.hour * 60 + offset.minute) * 60_000 * (sign === '-' ? -1 : 1);
  const ms = midnight.getTime() + ((clock.hour * 60 + clock.minute) * 60 + clock.second) * 1000 + milliseconds - offsetMs;
  // A leap second exists only at the end of a UTC day, and counts here as the first second of the next.
  if (clock.second === 60 && ms % dayMs >= 1000) return undefined;
  return ms >= firstMs && ms < endMs ? new Date(ms) : undefined;
}
