import { RelayError } from '../errors.ts';
import type { LogRecord } from '../intake/change-log.ts';
import type { Quarantine, QuarantineEntry } from '../quarantine/quarantine.ts';
import type { DeliveryQueue } from '../delivery/delivery-queue.ts';
import type { Matching } from './matching.ts';
import { refusedEntry, unaskedEntry, unreadableEntry } from './quarantine-entries.ts';
import type { Turns } from './turns.ts';
import { windowsOf, type Owed } from './windows.ts';

export interface PartitionParts {
  readonly matching: Matching;
  readonly queue: DeliveryQueue;
  readonly quarantine: Quarantine;
  readonly now: () => Date;
  /** True when nothing more should be begun. */
  readonly outOfTime: () => boolean;
  readonly remainingTimeMs: () => number;
  /** Shared by all partitions: filters keep the thread to themselves, and other partitions' calls wait for their answers meanwhile. */
  readonly turns: Turns;
}

export interface PartitionOutcome {
  /** The lowest offset that is not wholly settled; undefined when all are. */
  readonly resumeAt: number | undefined;
  /** Deliveries the queue took, copies of what it had among them. */
  readonly deliveries: number;
  readonly quarantined: number;
  /** What went wrong; undefined too when only the time was up. */
  readonly failure: unknown;
}

/**
 * The records of one partition, in offset order, one window after another. It stops at the first window that is not wholly settled:
 * everything before `resumeAt` is on the queue or in quarantine. From `resumeAt` on some may be; they will be sent again under the same ids.
 * Never throws: what another partition has done must be answered whatever happens in this one.
 */
export async function fanOutPartition(records: readonly LogRecord[], parts: PartitionParts): Promise<PartitionOutcome> {
  const done = { deliveries: 0, quarantined: 0 };
  let resumeAt = records[0]?.offset;
  try {
    const windows = windowsOf(records, parts.matching, parts.remainingTimeMs);
    while (resumeAt !== undefined) {
      await parts.turns.next();
      if (parts.outOfTime()) break;
      const window = windows.next().value;
      if (window === undefined) throw new Error('The windows of a partition ended before its records');
      const settled = await settle(window.owed, parts);
      done.deliveries += settled.deliveries;
      done.quarantined += settled.quarantined;
      if (settled.open.length > 0) {
        return { ...done, resumeAt: Math.min(...settled.open.map(({ record }) => record.offset)), failure: settled.failure };
      }
      resumeAt = window.resumeAt;
    }
    return { ...done, resumeAt, failure: undefined };
  } catch (failure) {
    // Only a bug gets here. It is logged as one, and the record that brings it about is not passed over.
    return { ...done, resumeAt, failure };
  }
}

interface Settled {
  readonly deliveries: number;
  readonly quarantined: number;
  /** Neither on the queue nor in quarantine. */
  readonly open: readonly Owed[];
  readonly failure: unknown;
}

async function settle(window: readonly Owed[], parts: PartitionParts): Promise<Settled> {
  const sent = await send(window, parts);
  const toKeep = window.flatMap((owed, index): Kept[] => {
    if (owed.kind === 'unreadable') return [{ owed, entry: unreadableEntry(owed.record, owed.detail, parts.now()) }];
    if (owed.kind === 'unasked') return [{ owed, entry: unaskedEntry(owed.record, owed, parts.now()) }];
    const detail = sent.refused.get(index);
    if (detail === undefined) return [];
    return [{ owed, entry: refusedEntry(owed.record, { message: owed.delivery.message, detail }, parts.now()) }];
  });
  const kept = await keep(toKeep, parts);
  return {
    deliveries: sent.taken,
    quarantined: kept.quarantined,
    open: [...sent.open, ...kept.open],
    failure: sent.failure ?? kept.failure,
  };
}

interface Sent {
  readonly taken: number;
  /** Why, by index in the window. */
  readonly refused: ReadonlyMap<number, string>;
  readonly open: readonly Owed[];
  readonly failure?: unknown;
}

async function send(window: readonly Owed[], { queue }: PartitionParts): Promise<Sent> {
  const places = window.flatMap((owed, index) => (owed.kind === 'delivery' ? [{ owed, index }] : []));
  if (places.length === 0) return { taken: 0, refused: new Map(), open: [] };
  try {
    const { notSent, refused } = await queue.send(places.map(({ owed }) => owed.delivery));
    const open = notSent.flatMap((place) => places[place]?.owed ?? []);
    return {
      taken: places.length - notSent.length - refused.length,
      refused: new Map(refused.map((one) => [places[one.index]?.index ?? -1, one.detail])),
      open,
      ...(open.length === 0 ? {} : { failure: untaken(open.length) }),
    };
  } catch (failure) {
    // What was taken is unknown, so all of it is owed again; the failure goes to the log line.
    return { taken: 0, refused: new Map(), open: places.map(({ owed }) => owed), failure };
  }
}

interface Kept {
  readonly owed: Owed;
  readonly entry: QuarantineEntry;
}

/** One after another: a flood of unreadable records must not open hundreds of connections, and an outage is met once, not once for each. */
async function keep(toKeep: readonly Kept[], { quarantine, outOfTime }: PartitionParts): Promise<Omit<Settled, 'deliveries'>> {
  for (const [quarantined, { entry }] of toKeep.entries()) {
    const open = () => toKeep.slice(quarantined).map(({ owed }) => owed);
    if (outOfTime()) return { quarantined, open: open(), failure: undefined };
    try {
      await quarantine.keep(entry);
    } catch (failure) {
      // The partition waits at this record; the failure goes to the log line.
      return { quarantined, open: open(), failure };
    }
  }
  return { quarantined: toKeep.length, open: [], failure: undefined };
}

function untaken(deliveries: number): RelayError {
  return new RelayError('DELIVERY_QUEUE_UNAVAILABLE', 'The delivery queue did not take everything', { facts: { deliveries } });
}
