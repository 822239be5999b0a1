import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Lines that the functions of a running relay have written, by its state folder. The last one may be half written yet: it is not among them. */
export function logLinesIn(dataDir: string): Readonly<Record<string, unknown>>[] {
  const text = readFileSync(join(dataDir, 'relay.log'), 'utf8');
  const lines = text.slice(0, text.lastIndexOf('\n') + 1).split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Record<string, unknown>);
}

/**
 * How many webhooks may have come again: a 2xx that could not be recorded is the one thing that makes a relay that was not killed repeat itself, and
 * each is an error of deliver.
 */
export function repeatsAllowedBy(dataDir: string): number {
  const lines = logLinesIn(dataDir).filter((line) => line['function'] === 'deliver');
  // One for each lane that it held up: a line may tell of several.
  return lines.reduce((sum, line) => sum + ((line['errors'] ?? []) as unknown[]).length, 0);
}
