/** What a service answered that is no success. */
export interface FailedAnswer {
  readonly status: number;
  /** XML from S3, JSON from the others. */
  readonly body: string;
  /** Of the header `x-amzn-query-error`, `code;Sender`, where SQS has its documented code while the body names another. */
  readonly queryError?: string | null;
}

/** A service answered, and not with a success. `name` is the service's own code for what is wrong, where it gave one. */
export class AwsFailure extends Error {
  readonly status: number;
  /** In the service's words, which may quote the input: to be told apart by, never to be logged. */
  readonly said: string;

  constructor({ status, body, queryError }: FailedAnswer) {
    super(`the service answered ${status}`);
    const code = queryCode.exec(queryError ?? '') ?? xmlCode.exec(body) ?? jsonCode.exec(body);
    this.name = code?.[1] ?? `Status${status}`;
    this.status = status;
    this.said = jsonMessage.exec(body)?.[1] ?? '';
  }

  /** Whether the same call may do better a moment later: overload and failures of the service itself, never a refusal. */
  get mayPass(): boolean {
    return this.status >= 500 || this.status === 429 || passing.test(this.name);
  }
}

/** https://smithy.io/2.0/aws/protocols/aws-query-protocol.html#x-amzn-query-error-header; a name space may stand before the code. */
const queryCode = /^(?:AWS\.SimpleQueueService\.)?([A-Za-z0-9.]{1,64});/;
/** https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
const xmlCode = /<Code>([A-Za-z0-9]{1,64})<\/Code>/;
/** https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html#operation-error-serialization; a name space may stand before it. */
const jsonCode = /"__type"\s*:\s*"(?:[^"#]{0,128}#)?([A-Za-z0-9.]{1,64})"/;
const jsonMessage = /"[Mm]essage"\s*:\s*"((?:[^"\\]|\\.)*)"/;
/** What AWS services say with a 400 and mean: later. */
const passing = /^(Throttl|SlowDown|RequestTimeout|RequestThrottled|TooManyRequests|LimitExceeded)/;
