import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Lines that the functions of a running relay have written, by its state folder. The last one may be half written yet: it is not among them. */
export function logLinesIn(dataDir: string): Readonly<Record<string, unknown>>[] {
  const text = readFileSync(join(dataDir, 'relay.log'), 'utf8');
  const lines = text.slice(0, text.lastIndexOf('\n') + 1).split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Record<string, unknown>);
}
