import type { PollutionWatch } from './pollution.ts';
import { limitFor, type Target } from './target.ts';

export type Tried =
  /** `tookMs` is this thread's own work: what the machine does for others does not count, nor does waiting. */
  | { readonly kind: 'ended'; readonly outcome: string; readonly tookMs: number }
  | { readonly kind: 'failed'; readonly fault: 'threw' | 'undocumented-outcome' | 'prototype-pollution' | 'slow'; readonly detail: string };

/** Code is compiled and memory collected when it suits the engine: an input is slow when it is slow each time. */
const triesWhenSlow = 4;

/**
 * Feeds one input and looks at everything that must hold. What takes longer than `doubtMs` is measured again, and its shortest
 * time counts. Never throws.
 */
export async function tryInput(
  target: Target,
  input: Uint8Array,
  { watch, doubtMs = limitFor(target, input) }: { readonly watch: PollutionWatch; readonly doubtMs?: number },
): Promise<Tried> {
  const tried = await once(target, input, watch);
  if (tried.kind === 'failed' || tried.tookMs <= doubtMs) return tried;
  let { tookMs } = tried;
  for (let more = 1; more < triesWhenSlow && tookMs > doubtMs; more += 1) {
    const again = await once(target, input, watch);
    if (again.kind === 'failed') return again;
    tookMs = Math.min(tookMs, again.tookMs);
  }
  const limitMs = limitFor(target, input);
  if (tookMs <= limitMs) return { ...tried, tookMs };
  return { kind: 'failed', fault: 'slow', detail: `${tookMs.toFixed(1)} ms at best, ${limitMs} ms at most` };
}

async function once(target: Target, input: Uint8Array, watch: PollutionWatch): Promise<Tried> {
  const before = process.threadCpuUsage();
  let outcome: string;
  try {
    const answer = target.run(input);
    outcome = typeof answer === 'string' ? answer : await answer;
  } catch (error) {
    return { kind: 'failed', fault: 'threw', detail: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
  const { user, system } = process.threadCpuUsage(before);
  const tookMs = (user + system) / 1_000;
  const changed = watch.changed();
  if (changed.length > 0) return { kind: 'failed', fault: 'prototype-pollution', detail: changed.join(', ') };
  if (!target.outcomes.includes(outcome)) return { kind: 'failed', fault: 'undocumented-outcome', detail: outcome };
  return { kind: 'ended', outcome, tookMs };
}
