import { SQSClient } from '@aws-sdk/client-sqs';
import { clientOptions, type ClientSettings } from '../aws/client-options.ts';

/** A caller that long-polls passes a `requestTimeoutMs` above its wait. */
export function sqsClient(settings: ClientSettings): SQSClient {
  return new SQSClient(clientOptions(settings));
}
