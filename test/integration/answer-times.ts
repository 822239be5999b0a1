import { expect } from 'vitest';
import { eventually } from '../support/relay-client.ts';
import type { Answer, HookStream } from './hook-stream.ts';
import type { RelayOnKafka } from './relay-on-kafka.ts';

/** The contract with Okta (docs/architecture.md): an answer within 2.4 s of the request's own time. */
export const answerMs = 2_400;
/** So long does Okta wait. A test that shares two cores with brokers stands still at times itself, and then sees an answer later than it was given. */
const oktaWaitsMs = 3_000;

/** Answers as their sender saw them, and the times that the relay itself took for them. */
export interface TimedAnswers {
  readonly answers: readonly Answer[];
  /** From the beginning of an invocation to its end, of the relay's log lines. */
  readonly takenMs: readonly number[];
  /** Of the answers, those that were under way when the counting began: their lines may have been written already. */
  readonly begun: number;
}

/** Counts from now on; each call tells what came so far. */
export function answersFromNow(stream: HookStream, relay: RelayOnKafka): () => TimedAnswers {
  const [answers, lines, begun] = [stream.answers.length, relay.logLines('receive-hook').length, stream.unanswered];
  return () => ({
    answers: stream.answers.slice(answers),
    takenMs: relay
      .logLines('receive-hook')
      .slice(lines)
      .map(({ durationMs }) => Number(durationMs)),
    begun,
  });
}

/** `slowest seen 1204 ms, taken 1198 ms` */
export function slowestOf({ answers, takenMs }: TimedAnswers): string {
  return `slowest seen ${Math.round(slowestSeenMs(answers))} ms, taken ${Math.max(...takenMs)} ms`;
}

/** Every answer is 200; the relay has a line for each and took less than it promises; Okta would have heard it. */
export function expectAnsweredInTime({ answers, takenMs, begun }: TimedAnswers): void {
  expect(new Set(answers.map(({ status }) => status)), 'answers').toEqual(new Set([200]));
  expect(takenMs.length, 'log lines of answers').toBeGreaterThanOrEqual(answers.length - begun);
  expect(Math.max(...takenMs), 'the longest time that the relay took for an answer').toBeLessThan(answerMs);
  expect(slowestSeenMs(answers), 'the slowest answer').toBeLessThan(oktaWaitsMs);
}

/**
 * Sends one request after the other until one goes straight to the log. The first ones of a relay may not, and those in the five seconds after one
 * for which the log had no time.
 */
export async function untilLogInUse(relay: RelayOnKafka, sendOne: () => Promise<unknown>): Promise<void> {
  const ask = async (): Promise<boolean> => {
    await sendOne();
    return relay.logInUse();
  };
  await eventually(ask, (inUse) => inUse, { what: 'a change straight on Kafka', deadlineMs: 60_000, everyMs: 500 });
}

function slowestSeenMs(answers: readonly Answer[]): number {
  return Math.max(...answers.map(({ tookMs }) => tookMs));
}
