import { RelayError } from '../errors.ts';
import type { Quarantine } from '../quarantine/quarantine.ts';
import { appendSpooled } from './append-spooled.ts';
import type { ChangeLog, ChangeRecord } from './change-log.ts';
import { spoolEntry } from './spool-entry.ts';
import { readSpoolMessage } from './spool-message.ts';
import type { SpoolVisibility } from './spool.ts';

/** A message of `change-spool.fifo` as it was received. */
export interface SpooledMessage {
  readonly messageId: string;
  readonly receiptHandle: string;
  /** Messages of one group are in order, in the batch and in the queue. */
  readonly groupId: string;
  readonly body: string;
}

export interface Respooling {
  readonly log: ChangeLog;
  readonly quarantine: Quarantine;
  readonly visibility: SpoolVisibility;
  readonly now: () => Date;
}

export interface RespoolReport {
  /** Message ids that the spool keeps; it deletes every other of the batch. */
  readonly failures: readonly string[];
  /** Records that are in the log now. */
  readonly records: number;
  /** Unreadable messages, and records that the log refuses for their size. */
  readonly quarantined: number;
  /** Why messages stay, and that the log refused the batch for its size: to be alarmed about. */
  readonly errors: readonly unknown[];
}

/** The log may take this long for one append; nobody waits for the answer, as somebody does at the front door. */
const maxAppendMs = 10_000;
/** Kept for setting visibilities and ending. */
const reserveMs = 5_000;
/** Until a message that stays is shown again: soon enough once the log is back, and no hammering until then. */
const waitSeconds = 10;

/**
 * Puts the records of a batch on the log, in one append that keeps the order of each group. What cannot be read, and what the log
 * refuses for its size, goes to quarantine, and what is behind it goes on. Killed before the answer, the whole batch comes again: repeats, under the same
 * change ids. Never throws: what fails stays in the spool and waits.
 * @param remainingMs what is left of the invocation
 */
export async function respool(parts: Respooling, messages: readonly SpooledMessage[], remainingMs: () => number): Promise<RespoolReport> {
  const run: Run = { kept: [], errors: [] };
  const groups = Map.groupBy(messages, ({ groupId }) => groupId);
  const readable = (await Promise.all([...groups.values()].map((group) => readGroup(parts, group, run)))).flat();
  const unreadable = messages.length - readable.length - run.kept.length;
  const budgetMs = (): number => Math.max(0, Math.min(maxAppendMs, remainingMs() - reserveMs));
  const appended = await appendSpooled({ ...parts, budgetMs }, readable);
  run.kept.push(...appended.kept);
  run.errors.push(...appended.errors);
  await letWait(parts, run);
  return {
    failures: run.kept.map(({ messageId }) => messageId),
    records: appended.records,
    quarantined: unreadable + appended.quarantined,
    errors: run.errors,
  };
}

interface Run {
  readonly kept: SpooledMessage[];
  readonly errors: unknown[];
}

interface Readable extends SpooledMessage {
  readonly records: readonly ChangeRecord[];
}

/** Ends at the first message that can be neither read nor quarantined: what is behind it stays behind it. */
async function readGroup({ quarantine, now }: Respooling, group: readonly SpooledMessage[], run: Run): Promise<Readable[]> {
  const readable: Readable[] = [];
  for (const [index, message] of group.entries()) {
    const read = readSpoolMessage(message.body);
    if (read.kind === 'readable') {
      readable.push({ ...message, records: read.records });
      continue;
    }
    try {
      await quarantine.keep(spoolEntry(message.body, read.detail, now()));
    } catch (error) {
      run.errors.push(error);
      run.kept.push(...group.slice(index));
      break;
    }
  }
  return readable;
}

/**
 * The same wait for all that stays, in any order: SQS shows nothing of a group while one of its messages is out, so a group
 * comes back as a whole and in order. Where the wait cannot be set, the queue's own timeout is the wait.
 */
async function letWait({ visibility }: Respooling, run: Run): Promise<void> {
  const settled = await Promise.allSettled(run.kept.map(({ receiptHandle }) => visibility.change(receiptHandle, waitSeconds)));
  const failed = settled.find((result) => result.status === 'rejected');
  if (failed === undefined) return;
  run.errors.push(new RelayError('CHANGE_SPOOL_UNAVAILABLE', 'The wait of spooled changes could not be set', { cause: failed.reason }));
}
