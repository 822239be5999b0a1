import type { BatchResultErrorEntry } from '@aws-sdk/client-sqs';
import type { RelayError } from '../errors.ts';
import type { SQSClient } from './client.ts';
import { SendMessageBatchCommand } from './commands.ts';
import { queueError } from './queue-error.ts';

export interface SendEntry {
  /** Place in what the caller was given. */
  readonly index: number;
  readonly groupId: string;
  readonly deduplicationId: string;
  readonly body: string;
  /** Of the body in UTF-8, as SQS counts. */
  readonly bytes: number;
}

export type Verdict = { readonly kind: 'taken' } | { readonly kind: 'refused'; readonly detail: string } | { readonly kind: 'not-taken' };

export interface CallResult {
  /** One for each entry, by its `index`. */
  readonly verdicts: ReadonlyMap<number, Verdict>;
  /** Why the call failed as a whole, when it did. */
  readonly failure?: RelayError;
}

interface Target {
  readonly client: SQSClient;
  readonly queueUrl: string;
}

/** The first try, and two more at once for entries that SQS failed to take; longer trouble is for the log's own retries. */
const maxTries = 3;

/**
 * One SendMessageBatch, settled entry by entry. An entry is taken only if SQS says so; refused if its content is at fault; in all
 * other cases, unknown ones too, not taken. A call that fails as a whole was retried by the SDK and is not tried again; when its
 * content is at fault, each entry is sent alone, so that only the one at fault is refused.
 */
export async function sendCall(target: Target, entries: readonly SendEntry[]): Promise<CallResult> {
  const verdicts = new Map<number, Verdict>(entries.map(({ index }) => [index, { kind: 'not-taken' }]));
  let open = entries;
  for (let tries = 0; tries < maxTries && open.length > 0; tries += 1) {
    try {
      for (const [index, verdict] of await sendOnce(target, open)) verdicts.set(index, verdict);
    } catch (error) {
      if (!isContentFault(error)) return { verdicts, failure: queueError('SendMessageBatch', error) };
      return isolate(target, open, verdicts);
    }
    open = open.filter(({ index }) => verdicts.get(index)?.kind === 'not-taken');
  }
  return { verdicts };
}

/** Verdicts for those entries that SQS took or whose content it refused. */
async function sendOnce({ client, queueUrl }: Target, entries: readonly SendEntry[]): Promise<Map<number, Verdict>> {
  const answer = await client.send(
    new SendMessageBatchCommand({
      QueueUrl: queueUrl,
      Entries: entries.map((entry) => ({
        Id: String(entry.index),
        MessageBody: entry.body,
        MessageGroupId: entry.groupId,
        MessageDeduplicationId: entry.deduplicationId,
      })),
    }),
  );
  const settled = new Map<number, Verdict>();
  for (const { Id } of answer.Successful ?? []) settled.set(Number(Id), { kind: 'taken' });
  for (const failed of answer.Failed ?? []) {
    if (isContentFaultOfEntry(failed))
      settled.set(Number(failed.Id), { kind: 'refused', detail: `SQS refused the message: ${failed.Code}` });
  }
  return settled;
}

async function isolate(target: Target, entries: readonly SendEntry[], verdicts: Map<number, Verdict>): Promise<CallResult> {
  const [only, ...others] = entries;
  if (only === undefined) return { verdicts };
  if (others.length === 0)
    return { verdicts: verdicts.set(only.index, { kind: 'refused', detail: 'SQS refused the message for its content' }) };
  for (const entry of entries) {
    const result = await sendCall(target, [entry]);
    for (const [index, verdict] of result.verdicts) verdicts.set(index, verdict);
    if (result.failure) return { verdicts, failure: result.failure };
  }
  return { verdicts };
}

/**
 * Closed lists: what is wrongly counted as content ends in quarantine one by one, and what is wrongly counted as an outage waits
 * with an alarm. `SenderFault` alone does not say: a missing permission on the queue's key has it too.
 */
function isContentFault(error: unknown): boolean {
  return error instanceof Error && isContentCode(error.name, error.message);
}

function isContentFaultOfEntry(failed: BatchResultErrorEntry): boolean {
  return failed.SenderFault === true && isContentCode(failed.Code ?? '', failed.Message ?? '');
}

function isContentCode(code: string, message: string): boolean {
  const name = code.replace(/^AWS\.SimpleQueueService\./, '');
  if (name === 'InvalidMessageContents' || name === 'BatchRequestTooLong') return true;
  // The queue's own MaximumMessageSize has no code of its own.
  return name === 'InvalidParameterValue' && /message must be shorter than/i.test(message);
}
