import { RelayError, type ErrorCode } from '../errors.ts';

/**
 * For `.catch` on a call: whatever the SDK threw becomes our error with this code. The store's state is unknown then, and a
 * call that can be made again is all there is; so the SDK's own classes are told apart only where a caller can use it.
 *
 * A call that DynamoDB finds no good is made again as well, and says so: it is a bug, or an item beyond 400 KB, which what is read from a queue
 * cannot make (`readDeliveryMessage`). To put the message aside for it would be to lose every delivery to a bug in one of our expressions.
 */
export function unavailable(code: ErrorCode, operation: string): (cause: unknown) => never {
  return (cause) => {
    const isRefused = cause instanceof Error && cause.name === 'ValidationException';
    throw new RelayError(code, `DynamoDB ${isRefused ? 'refuses, as it stands,' : 'did not carry out'} ${operation}`, {
      facts: { operation, reason: cause instanceof Error ? cause.name : typeof cause },
      cause,
    });
  };
}
