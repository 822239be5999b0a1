/**
 * The replay function in a process of its own, as Lambda runs it: started with its settings, called by messages, and killed from
 * outside. Started by replay-function.ts.
 */
import type { Context } from 'aws-lambda';
import type { Call, Told } from './replay-function.ts';

const tell = (told: Told): void => void process.send?.(told);

process.on('message', ({ event, limit }: Call) => {
  const startedAtMs = Date.now();
  let questions = 0;
  const context = {
    awsRequestId: 'replay-function-process',
    getRemainingTimeInMillis: () =>
      limit.kind === 'clock' ? limit.ms - (Date.now() - startedAtMs) : limit.ms - (questions += 1) * limit.eachQuestionMs,
  };
  // middy's type says `void` where it means "answers nothing"; local mode calls it the same way.
  (handler as unknown as (event: unknown, context: Context) => Promise<unknown>)(event, context as unknown as Context).then(
    (answer) => tell({ kind: 'answered', answer }),
    (error: unknown) => tell({ kind: 'threw', error: String(error) }),
  );
});

const { handler } = await import('../../functions/replay/handler.ts');
tell({ kind: 'ready' });
