import { isRelayError, RelayError } from '../errors.ts';
import { errorClass } from './error-class.ts';
import { stackFrames } from './stack-frames.ts';

const foreignMessage = 'Not an error of the relay: the log line of the invocation has what may be said of it';

/**
 * An error to end an invocation with, which says no more than the log line: of ours code, message and facts, of any other its class and where
 * it came from. For Lambda writes type, message, stack and own properties of what a handler throws into the log by itself, and keeps them with
 * the event where an asynchronous invocation has failed for the last time.
 * https://docs.aws.amazon.com/lambda/latest/dg/nodejs-exceptions.html
 */
export function bareError(error: unknown): Error {
  const bare = isRelayError(error)
    ? new RelayError(error.code, error.message, { facts: error.facts })
    : Object.defineProperty(new Error(foreignMessage), 'name', { value: errorClass(error) });
  const frames = error instanceof Error ? stackFrames(error) : [];
  bare.stack = [`${bare.name}: ${bare.message}`, ...frames.map((frame) => `    ${frame}`)].join('\n');
  return bare;
}
