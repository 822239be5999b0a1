import { RelayError } from '#lib/errors.ts';
import type { DeliveryQueue } from '#lib/delivery/delivery-queue.ts';
import { fanOut, type FanOutResult } from '#lib/fan-out/fan-out.ts';
import type { LogRecord } from '#lib/intake/change-log.ts';
import type { Quarantine, QuarantineEntry } from '#lib/quarantine/quarantine.ts';
import type { Subscription } from '#lib/subscriptions/subscription.ts';

/** When the tests' invocations run; the records are a little older. */
export const now = new Date('2026-11-21T13:00:00.000Z');

export interface MemoryQuarantine extends Quarantine {
  readonly kept: ReadonlyMap<string, QuarantineEntry>;
}

/** Keeps an id once, as the real one does. `fails` decides on each entry. */
export function memoryQuarantine(fails: (entry: QuarantineEntry) => boolean = () => false): MemoryQuarantine {
  const kept = new Map<string, QuarantineEntry>();
  return {
    kept,
    async keep(entry) {
      if (fails(entry)) throw new RelayError('QUARANTINE_UNAVAILABLE', 'The quarantine is away');
      if (!kept.has(entry.id)) kept.set(entry.id, entry);
    },
  };
}

export interface Invocation {
  readonly records: readonly LogRecord[];
  readonly subscriptions: readonly Subscription[] | Error;
  readonly queue: DeliveryQueue;
  readonly quarantine?: Quarantine;
  readonly remainingTimeMs?: () => number;
}

/** One invocation with ample time, unless told otherwise. */
export function fanOutWith({ records, subscriptions, queue, quarantine, remainingTimeMs }: Invocation): Promise<FanOutResult> {
  const all = async () => {
    if (subscriptions instanceof Error) throw subscriptions;
    return subscriptions;
  };
  return fanOut(
    { records, remainingTimeMs: remainingTimeMs ?? (() => 60_000) },
    { subscriptions: { all }, queue, quarantine: quarantine ?? memoryQuarantine(), now: () => now },
  );
}
