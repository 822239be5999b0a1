import type { MiddlewareObj } from '@middy/core';
import { bareError } from './bare-error.ts';
import type { Metrics } from './metrics.ts';
import { WideLine, type Level } from './wide-line.ts';

/**
 * Options for `middy()`: give up half a second before Lambda does. The default of 5 ms leaves no time to write the line
 * and to get the answer out.
 */
export const earlyTimeout = { timeoutEarlyInMillis: 500 } as const;

export interface TelemetryOptions {
  readonly now: () => Date;
  readonly level: Level;
  /** Flushed with the line, after an error too, with each error of the line counted by its code. */
  readonly metrics?: Metrics;
}

const lines = new WeakMap<object, WideLine>();
let coldStart = true;

/**
 * One wide line per invocation: opened before the handler, written after it or after the last `onError`. What nobody answers leaves as a bare
 * error, so that what Lambda writes of it by itself tells no more than the line.
 *
 * Use it first in the chain. An `onError` that answers must set `request.response` and return nothing: middy stops at the
 * first `onError` that returns something, and this one, being first in the chain, runs last.
 */
export function wideLine(functionName: string, options: TelemetryOptions): MiddlewareObj {
  const nowMs = () => options.now().getTime();
  return {
    before({ context }) {
      const line = new WideLine({ functionName, level: options.level, nowMs: nowMs() });
      line.note({ requestId: context.awsRequestId, ...(coldStart ? { coldStart } : {}) });
      coldStart = false;
      lines.set(context, line);
    },
    after({ context, response }) {
      finish(lineOf(context), response, nowMs(), options.metrics);
    },
    onError(request) {
      const { context, error } = request;
      request.error = bareError(error);
      try {
        const line = lineOf(context);
        line.failure(error);
        finish(line, request.response, nowMs(), options.metrics);
      } catch (unwritten) {
        throw bareError(unwritten);
      }
    },
  };
}

/** The line of the invocation that `context` belongs to. */
export function lineOf(context: object): WideLine {
  const line = lines.get(context);
  if (line === undefined) throw new Error('lineOf() needs the wideLine() middleware in the chain');
  return line;
}

function finish(line: WideLine, response: unknown, nowMs: number, metrics: Metrics | undefined): void {
  if (typeof response === 'object' && response !== null && 'statusCode' in response && typeof response.statusCode === 'number') {
    line.note({ httpStatus: response.statusCode });
  }
  line.end(nowMs);
  for (const code of line.codes) metrics?.count('RelayErrors', 1, { Code: code });
  metrics?.flush();
}
