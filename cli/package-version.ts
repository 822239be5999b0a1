import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';

/** The version of the clone that the command runs from. */
export function packageVersion(): string {
  const file = join(import.meta.dirname, '../package.json');
  return z.object({ version: z.string() }).parse(JSON.parse(readFileSync(file, 'utf8'))).version;
}
