import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { provideLogSink } from '#lib/telemetry/wide-line.ts';

/** The line of a sweep that found nothing and did nothing: everything it counts (functions/sweep), but for the subscriptions it went over. */
const idleSweepSchema = z.object({
  level: z.literal('info'),
  function: z.literal('sweep'),
  outcome: z.literal('done'),
  released: z.literal(0),
  probes: z.literal(0),
  operatorEvents: z.literal(0),
  recovered: z.literal(0),
  openCircuits: z.literal(0),
  dueLanes: z.literal(0),
  parkedLanes: z.literal(0),
});

/**
 * Has the functions' lines go to `relay.log` in the folder, and answers that file. Sweeps that were idle are left out: here one comes every two
 * seconds, and they would be most of it. One that found, did or could not do anything is there.
 */
export function openRelayLog(folder: string): string {
  const file = join(folder, 'relay.log');
  provideLogSink((line) => {
    if (!isIdleSweep(line)) appendFileSync(file, `${line}\n`);
  });
  return file;
}

function isIdleSweep(line: string): boolean {
  return line.includes('"function":"sweep"') && idleSweepSchema.safeParse(JSON.parse(line)).success;
}
