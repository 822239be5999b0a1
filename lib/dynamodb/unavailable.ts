import { RelayError, type ErrorCode } from '../errors.ts';

/**
 * For `.catch` on a call: whatever the SDK threw becomes our error with this code. The store's state is unknown then, and a
 * call that can be made again is all there is; so the SDK's own classes are told apart only where a caller can use it.
 */
export function unavailable(code: ErrorCode, operation: string): (cause: unknown) => never {
  return (cause) => {
    throw new RelayError(code, `DynamoDB did not carry out ${operation}`, {
      facts: { operation, reason: cause instanceof Error ? cause.name : typeof cause },
      cause,
    });
  };
}
