import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Failure, TargetReport } from './run-fuzz.ts';

export interface Totals {
  readonly seed: number;
  readonly tookMs: number;
  readonly heapGrowthBytes: number;
  readonly peakRssBytes: number;
}

const mib = (bytes: number): string => `${(bytes / 1_048_576).toFixed(0)} MiB`;

/** A line for each target, then the totals. */
export function reportText(reports: readonly TargetReport[], { seed, tookMs, heapGrowthBytes, peakRssBytes }: Totals): string {
  const lines = reports.map(({ name, inputs, outcomes, slowest, failures }) => {
    const ends = [...outcomes].sort(([, a], [, b]) => b - a).map(([outcome, count]) => `${outcome} ${count}`);
    const slow = `slowest ${slowest.ms.toFixed(1)} ms (input ${slowest.index})`;
    return [name.padEnd(19), String(inputs).padStart(8), `  ${slow}; ${ends.join(', ')}`, failures.length > 0 ? `; ${failures.length} FAILED` : ''].join(''); // prettier-ignore
  });
  const inputs = reports.reduce((sum, report) => sum + report.inputs, 0);
  const failures = reports.reduce((sum, report) => sum + report.failures.length, 0);
  const seconds = tookMs / 1_000;
  return [
    ...lines,
    `${inputs} inputs in ${seconds.toFixed(0)} s (${(inputs / seconds).toFixed(0)} a second), seed ${seed}; kept after collection: ${mib(heapGrowthBytes)} more than at the start; at most ${mib(peakRssBytes)} resident; ${failures} failures`,
  ].join('\n');
}

/** Writes each failure's input, whole and minimised, into the folder, and says how to have it again. */
export function keepFailures(reports: readonly TargetReport[], seed: number, folder: string): string {
  const failures = reports.flatMap((report) => report.failures);
  if (failures.length > 0) mkdirSync(folder, { recursive: true });
  return failures.map((failure) => keep(failure, seed, folder)).join('\n');
}

function keep({ target, index, fault, detail, input, minimised }: Failure, seed: number, folder: string): string {
  const file = join(folder, `${target}-${seed}-${index}`);
  writeFileSync(`${file}.bin`, input);
  writeFileSync(`${file}.min.bin`, minimised);
  const shown = JSON.stringify(Buffer.from(minimised).toString('latin1').slice(0, 200));
  return `${target}: ${fault}: ${detail.slice(0, 1_000)}\n  ${shown}\n  ${file}.min.bin; again: npm run fuzz -- --target ${target} --seed ${seed} --index ${index}`;
}
