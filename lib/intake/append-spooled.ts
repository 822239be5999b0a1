import { isRelayError } from '../errors.ts';
import type { Quarantine } from '../quarantine/quarantine.ts';
import type { ChangeLog, ChangeRecord } from './change-log.ts';
import { tooLargeEntry } from './too-large-entry.ts';

export interface AppendingSpooled {
  readonly log: ChangeLog;
  readonly quarantine: Quarantine;
  readonly now: () => Date;
  /** What the next append may take. */
  readonly budgetMs: () => number;
}

/** The records of one message of the spool. */
export interface SpooledRecords {
  readonly groupId: string;
  readonly records: readonly ChangeRecord[];
}

export interface AppendSpooledReport<Message> {
  /** Records that are in the log now. */
  readonly records: number;
  /** Records that are in quarantine now, because the log refuses each of them by itself. */
  readonly quarantined: number;
  /** Messages of which not all records are in one of the two. */
  readonly kept: readonly Message[];
  readonly errors: readonly unknown[];
}

/**
 * Puts the records of messages on the log, in the order given: in one append, or message by message where that is too large, and a
 * message in halves of halves. What was written before the refusal is written again: a repeat, as after every failed append.
 * Never throws.
 */
export async function appendSpooled<Message extends SpooledRecords>(
  parts: AppendingSpooled,
  messages: readonly Message[],
): Promise<AppendSpooledReport<Message>> {
  const records = messages.flatMap((message) => message.records);
  if (records.length === 0) return { records: 0, quarantined: 0, kept: [], errors: [] };
  try {
    await parts.log.append(records, { budgetMs: parts.budgetMs() });
    return { records: records.length, quarantined: 0, kept: [], errors: [] };
  } catch (error) {
    if (!isRelayError(error, 'CHANGES_TOO_LARGE')) return { records: 0, quarantined: 0, kept: messages, errors: [error] };
    return appendApart(parts, messages, error);
  }
}

async function appendApart<Message extends SpooledRecords>(
  parts: AppendingSpooled,
  messages: readonly Message[],
  refusal: unknown,
): Promise<AppendSpooledReport<Message>> {
  const report = { records: 0, quarantined: 0, kept: [] as Message[], errors: [refusal] };
  const waiting = new Set<string>();
  for (const [index, message] of messages.entries()) {
    if (waiting.has(message.groupId)) {
      report.kept.push(message);
      continue;
    }
    try {
      const refused = await refusedOf(parts, message.records);
      await Promise.all(refused.map((record) => parts.quarantine.keep(tooLargeEntry(record, parts.now()))));
      report.quarantined += refused.length;
      report.records += message.records.length - refused.length;
    } catch (error) {
      report.errors.push(error);
      // A log that is away is away for all; a quarantine that is away holds up the one group that needs it.
      if (!isRelayError(error, 'QUARANTINE_UNAVAILABLE')) return { ...report, kept: [...report.kept, ...messages.slice(index)] };
      waiting.add(message.groupId);
      report.kept.push(message);
    }
  }
  return report;
}

/** Appends what the log takes, in order; answers what it refuses by itself. */
async function refusedOf(parts: AppendingSpooled, records: readonly ChangeRecord[]): Promise<ChangeRecord[]> {
  try {
    await parts.log.append(records, { budgetMs: parts.budgetMs() });
    return [];
  } catch (error) {
    if (!isRelayError(error, 'CHANGES_TOO_LARGE')) throw error;
    if (records.length === 1) return [...records];
    const middle = Math.ceil(records.length / 2);
    const first = await refusedOf(parts, records.slice(0, middle));
    return [...first, ...(await refusedOf(parts, records.slice(middle)))];
  }
}
