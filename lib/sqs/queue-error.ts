import { RelayError } from '../errors.ts';
import { SqsFailure } from './client.ts';

/** Any failure of a call to SQS, as ours. The facts hold the vendor's name of the error, never its message, which can quote the input. */
export function queueError(call: string, error: unknown): RelayError {
  const vendorError = error instanceof Error ? error.name : typeof error;
  const httpStatus = error instanceof SqsFailure ? error.status : undefined;
  return new RelayError('DELIVERY_QUEUE_UNAVAILABLE', `SQS did not carry out ${call}`, {
    facts: { vendorError, ...(httpStatus === undefined ? {} : { httpStatus }) },
    cause: error,
  });
}
