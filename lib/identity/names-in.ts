import type { LogEvent } from '../okta/log-event.ts';

/** The names in a comma-separated member of `debugData`, each once; undefined when it names none. */
export function namesIn(event: LogEvent, member: string): string[] | undefined {
  const value = event.debugData[member];
  if (typeof value !== 'string') return undefined;
  const names = value.split(',').map((name) => name.trim());
  const unique = [...new Set(names)].filter((name) => name !== '');
  return unique.length === 0 ? undefined : unique;
}
