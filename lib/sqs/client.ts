import type { ClientSettings } from '../aws/client-options.ts';
import { AwsFailure } from '../aws/aws-failure.ts';
import { serviceHost, signedCall } from '../aws/signed-call.ts';
import type { SqsCommand } from './commands.ts';

export interface SendOptions {
  /** Time for this call, where it is not the client's: of a call that waits for messages. */
  readonly requestTimeout?: number;
  readonly abortSignal?: AbortSignal;
}

/** SQS refused a call. `name` is its code for why. The message is its own too and may quote the input: it is not for the log. */
export class SqsFailure extends Error {
  readonly status: number;

  constructor({ name, status, said }: AwsFailure) {
    super(said);
    this.name = name;
    this.status = status;
  }
}

/** SQS for the calls in commands.ts, under the names that the SDK has for all of this. */
export interface SQSClient {
  /** @throws SqsFailure, or what broke the exchange off, after the last try */
  send<Output>(command: SqsCommand<Output>, options?: SendOptions): Promise<Output>;
}

/** SQS in its JSON protocol. The SDK's client would be 25 KB in every function that has to do with a queue. */
export function sqsClient(settings: ClientSettings): SQSClient {
  const call = signedCall('sqs', settings);
  const url = new URL(settings.endpoint ?? `https://${serviceHost('sqs', settings.region)}/`);
  return {
    async send<Output>({ operation, input }: SqsCommand<Output>, { requestTimeout, abortSignal }: SendOptions = {}) {
      const headers = { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': `AmazonSQS.${operation}` };
      const request = { method: 'POST', url, headers, body: Buffer.from(JSON.stringify(input)) };
      try {
        const text = await call(request, { timeoutMs: requestTimeout, signal: abortSignal });
        // What each operation answers is documented, and what is missing in it counts as not done wherever it is read.
        return (text === '' ? {} : JSON.parse(text)) as Output;
      } catch (error) {
        throw error instanceof AwsFailure ? new SqsFailure(error) : error;
      }
    },
  };
}
