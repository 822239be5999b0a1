import type {
  ChangeMessageVisibilityCommandInput,
  DeleteMessageBatchCommandInput,
  DeleteMessageBatchCommandOutput,
  DeleteMessageCommandInput,
  ReceiveMessageCommandInput,
  ReceiveMessageCommandOutput,
  SendMessageBatchCommandInput,
  SendMessageBatchCommandOutput,
  SendMessageCommandInput,
  SendMessageCommandOutput,
} from '@aws-sdk/client-sqs';

/** One call of SQS: what its JSON protocol is sent, and what it answers (without the SDK's own `$metadata`). */
export class SqsCommand<Output> {
  readonly operation: string;
  readonly input: object;
  /** Never there: it ties the answer's type to the call. */
  declare readonly answers: Output;

  constructor(operation: string, input: object) {
    this.operation = operation;
    this.input = input;
  }
}

type Answer<Output> = Omit<Output, '$metadata'>;

export class SendMessageCommand extends SqsCommand<Answer<SendMessageCommandOutput>> {
  constructor(input: SendMessageCommandInput) {
    super('SendMessage', input);
  }
}

export class SendMessageBatchCommand extends SqsCommand<Answer<SendMessageBatchCommandOutput>> {
  constructor(input: SendMessageBatchCommandInput) {
    super('SendMessageBatch', input);
  }
}

export class ReceiveMessageCommand extends SqsCommand<Answer<ReceiveMessageCommandOutput>> {
  constructor(input: ReceiveMessageCommandInput) {
    super('ReceiveMessage', input);
  }
}

export class DeleteMessageCommand extends SqsCommand<object> {
  constructor(input: DeleteMessageCommandInput) {
    super('DeleteMessage', input);
  }
}

export class DeleteMessageBatchCommand extends SqsCommand<Answer<DeleteMessageBatchCommandOutput>> {
  constructor(input: DeleteMessageBatchCommandInput) {
    super('DeleteMessageBatch', input);
  }
}

export class ChangeMessageVisibilityCommand extends SqsCommand<object> {
  constructor(input: ChangeMessageVisibilityCommandInput) {
    super('ChangeMessageVisibility', input);
  }
}
