import { RelayError } from '../errors.ts';
import { spoolMessages } from '../intake/spool-message.ts';
import type { ChangeSpool } from '../intake/spool.ts';
import { TimeBudget } from '../intake/time-budget.ts';
import type { SQSClient } from './client.ts';
import { escapeBody } from './escape-body.ts';
import { packCalls } from './pack-calls.ts';
import { sendCall, type CallResult, type SendEntry } from './send-call.ts';

/** Calls at once. A hook request has the environment to itself, and its time is short. */
const maxCalls = 10;

interface Options {
  /** With time limits of its own: see changeSpoolLimits. */
  readonly client: SQSClient;
  readonly queueUrl: string;
  readonly now: () => Date;
}

/** What the client is told, so that a connection that died in a frozen environment leaves time for a new one within 0.6 s. */
export const changeSpoolLimits = { requestTimeoutMs: 300, maxAttempts: 2 } as const;

/**
 * ChangeSpool on SQS. The first waiting message of every key goes out, in as few calls as they fit into, and the next ones only
 * when all of those are taken: no call holds two of a key. The first failure is the end, for the caller needs all or none.
 */
export function sqsChangeSpool(options: Options): ChangeSpool {
  return {
    async put(records, { budgetMs }) {
      if (records.length === 0) return;
      const budget = new TimeBudget({ endsAtMs: options.now().getTime() + budgetMs, now: options.now });
      await budget.within('CHANGE_SPOOL_UNAVAILABLE', () => putAll(options, spoolMessages(records), budget));
    },
  };
}

async function putAll(options: Options, messages: ReturnType<typeof spoolMessages>, budget: TimeBudget): Promise<void> {
  const groups = [...Map.groupBy(messages, ({ groupId }) => groupId).values()];
  const rounds = Math.max(...groups.map(({ length }) => length));
  for (let round = 0; round < rounds; round += 1) {
    const entries = groups.flatMap((group) => group[round] ?? []).map(entryOf);
    await putRound(options, packCalls(entries), budget);
  }
}

async function putRound(options: Options, calls: readonly SendEntry[][], budget: TimeBudget): Promise<void> {
  const failures: RelayError[] = [];
  // Workers share one iterator: each takes the next call when its own is taken.
  const waiting = calls.values();
  const work = async () => {
    for (const call of waiting) {
      // Whoever put these may have been told that it failed: what was not begun by then is not to be begun.
      if (failures.length > 0) return;
      // Noted where it is seen: a clock that is set back would have it forgotten, with this call unsent.
      if (budget.remainingMs() === 0) failures.push(unavailable({ reason: 'out-of-time' }));
      else failures.push(...failuresOf(await sendCall(options, call)));
    }
  };
  await Promise.all(Array.from({ length: maxCalls }, work));
  const [failure] = failures;
  if (failure !== undefined) throw failure;
}

function entryOf({ groupId, deduplicationId, body }: ReturnType<typeof spoolMessages>[number], index: number): SendEntry {
  const escaped = escapeBody(body);
  return { index, groupId, deduplicationId, body: escaped, bytes: Buffer.byteLength(escaped, 'utf8') };
}

function failuresOf({ verdicts, failure }: CallResult): RelayError[] {
  if (failure !== undefined) return [unavailable(failure.facts, failure.cause)];
  const kinds = new Set([...verdicts.values()].map(({ kind }) => kind));
  // A message is far below SQS's limits, so a refusal means that the queue is not what it should be.
  if (kinds.has('refused')) return [unavailable({ reason: 'refused' })];
  return kinds.has('not-taken') ? [unavailable({ reason: 'not-taken' })] : [];
}

function unavailable(facts: RelayError['facts'], cause?: unknown): RelayError {
  return new RelayError('CHANGE_SPOOL_UNAVAILABLE', 'SQS did not take the changes', { facts, cause });
}
