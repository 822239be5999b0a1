import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';

/** The time an invocation has. `questions` counts it down by how often it is asked for, so that a run ends at the same place on any machine. */
export type TimeLimit =
  { readonly kind: 'clock'; readonly ms: number } | { readonly kind: 'questions'; readonly ms: number; readonly eachQuestionMs: number };

export interface Call {
  readonly event: SQSEvent;
  readonly limit: TimeLimit;
}
export type Told =
  { readonly kind: 'ready' } | { readonly kind: 'answered'; readonly answer: unknown } | { readonly kind: 'threw'; readonly error: string };

/** One environment of the replay function. */
export interface ReplayFunction {
  readonly pid: number;
  /** Rejects when the function throws, or its process ends before it answers. */
  invoke(event: SQSEvent, limit: TimeLimit): Promise<SQSBatchResponse>;
  kill(): Promise<void>;
}

export async function startReplayFunction(environment: Readonly<Record<string, string>>): Promise<ReplayFunction> {
  const child = fork(join(import.meta.dirname, 'replay-function-process.ts'), {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const exited = once(child, 'exit');
  const next = async (): Promise<Exclude<Told, { kind: 'threw' }>> => {
    const ended = exited.then(() => Promise.reject(new Error('the process of the replay function ended')));
    const [told] = (await Promise.race([once(child, 'message'), ended])) as [Told];
    if (told.kind === 'threw') throw new Error(`the replay function threw: ${told.error}`);
    return told;
  };
  await next();
  return {
    pid: child.pid ?? 0,
    async invoke(event, limit) {
      child.send({ event, limit } satisfies Call);
      const told = await next();
      if (told.kind !== 'answered') throw new Error(`the replay function said ${told.kind}`);
      return told.answer as SQSBatchResponse;
    },
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}
