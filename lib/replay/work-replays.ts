import * as z from 'zod';
import type { MessageVisibility } from '../delivery/delivery-queue.ts';
import { replayIdSchema } from '../delivery/replay-mark.ts';
import { runReplay, type ReplayParts, type RunOutcome } from './run-replay.ts';

/** A message of `replays.fifo` as it was received. */
export interface ReplayMessage {
  readonly messageId: string;
  readonly receiptHandle: string;
  readonly body: string;
}

export interface WorkReplaysParts extends ReplayParts {
  readonly visibility: MessageVisibility;
}

export interface WorkReport {
  /** Message ids that the queue keeps; it deletes every other. */
  readonly failures: readonly string[];
  /** One for each message that could be read and whose run did not end in an error. */
  readonly outcomes: readonly RunOutcome[];
  readonly unreadable: number;
  /** Of our own infrastructure, and bugs: to be alarmed about. The replay goes on later. */
  readonly errors: readonly unknown[];
}

/** Body of a message of `replays.fifo`. */
export const replayMessageSchema = z.object({ v: z.literal(1), replay: replayIdSchema });

/** Until the next try after an outage. */
const outageWaitSeconds = 30;
/** Less than this, and a run would hardly get to its work. */
const leastMs = 30_000;
/** On top of what is left of the invocation: when it is killed, its message shows itself again this much later, not after the queue's half hour. */
const graceSeconds = 30;

/**
 * Works messages, one after the other. A replay that is not finished keeps its message: shown again at once when only the time was
 * up, after a wait when something failed. A message that cannot be read is dropped: it holds nothing but an id, and whoever wrote it
 * was not the relay. Never throws.
 * @param remainingMs what is left of the invocation
 */
export async function workReplays(
  parts: WorkReplaysParts,
  messages: readonly ReplayMessage[],
  remainingMs: () => number,
): Promise<WorkReport> {
  const report = { failures: [] as string[], outcomes: [] as RunOutcome[], unreadable: 0, errors: [] as unknown[] };
  const again = async ({ messageId, receiptHandle }: ReplayMessage, seconds: number): Promise<void> => {
    report.failures.push(messageId);
    // Where the wait cannot be set, the queue's own timeout is the wait; the message is kept either way.
    await parts.visibility.change(receiptHandle, seconds).catch((error: unknown) => report.errors.push(error));
  };
  for (const message of messages) {
    const id = idIn(message.body);
    if (id === undefined) report.unreadable += 1;
    else if (remainingMs() < leastMs) await again(message, 0);
    else {
      try {
        await parts.visibility.change(message.receiptHandle, remainingMs() / 1_000 + graceSeconds);
        const outcome = await runReplay(parts, id, remainingMs);
        report.outcomes.push(outcome);
        if (outcome.kind === 'continues') await again(message, 0);
        // Whoever took it over has the message too, or will: it settles there.
        else if (outcome.kind === 'lost') report.failures.push(message.messageId);
      } catch (error) {
        report.errors.push(error);
        await again(message, outageWaitSeconds);
      }
    }
  }
  return report;
}

function idIn(body: string) {
  try {
    return replayMessageSchema.safeParse(JSON.parse(body)).data?.replay;
  } catch {
    // Not JSON is not ours, as the caller counts it.
    return undefined;
  }
}
