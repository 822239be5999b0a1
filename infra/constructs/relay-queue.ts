import { Duration, type RemovalPolicy } from 'aws-cdk-lib';
import { type IRole, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { CfnEventSourceMapping } from 'aws-cdk-lib/aws-lambda';
import { DeduplicationScope, FifoThroughputLimit, Queue, QueueEncryption, type QueueProps } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { queues } from '#lib/sqs/queues.ts';
import { accept } from '../accept.ts';
import type { RelayKeys } from './keys.ts';
import type { RelayFunction } from './relay-function.ts';

interface RelayQueueProps {
  readonly name: keyof typeof queues;
  readonly keys: RelayKeys;
  readonly removalPolicy: RemovalPolicy;
  /** Receives after which a message goes to a queue of dead letters; absent: never, and there is none. */
  readonly maxReceiveCount?: number;
  /** Why there are no dead letters, where there are none. */
  readonly noDeadLetters?: string;
}

/** A queue as lib/sqs/queues.ts has it: FIFO, each group on its own, read by one function in which each message settles by itself. */
export class RelayQueue extends Construct {
  readonly queue: Queue;
  /** Where a message goes that was received too often; undefined when there is no such limit. */
  readonly deadLetters: Queue | undefined;
  readonly #keys: RelayKeys;
  readonly #batchSize: number;

  constructor(scope: Construct, id: string, props: RelayQueueProps) {
    super(scope, id);
    const definition = queues[props.name];
    this.#keys = props.keys;
    this.#batchSize = definition.batchSize;
    const fifo: QueueProps = {
      fifo: true,
      contentBasedDeduplication: false,
      // High throughput: limits and deduplication hold per group, not for the queue.
      deduplicationScope: DeduplicationScope.MESSAGE_GROUP,
      fifoThroughputLimit: FifoThroughputLimit.PER_MESSAGE_GROUP_ID,
      retentionPeriod: Duration.seconds(definition.retentionSeconds),
      encryption: QueueEncryption.KMS,
      encryptionMasterKey: props.keys.data,
      dataKeyReuse: Duration.hours(1),
      enforceSSL: true,
      removalPolicy: props.removalPolicy,
    };
    const { maxReceiveCount, noDeadLetters = '' } = props;
    this.deadLetters = maxReceiveCount === undefined ? undefined : new Queue(this, 'DeadLetters', fifo);
    const { deadLetters } = this;
    this.queue = new Queue(this, 'Queue', {
      ...fifo,
      visibilityTimeout: Duration.seconds(definition.visibilityTimeoutSeconds),
      ...(deadLetters === undefined || maxReceiveCount === undefined ? {} : { deadLetterQueue: { queue: deadLetters, maxReceiveCount } }),
    });
    if (deadLetters === undefined) {
      accept(this.queue, 'AwsSolutions-SQS3', noDeadLetters);
      accept(this.queue, 'Serverless-SQSRedrivePolicy', noDeadLetters);
    } else {
      accept(
        deadLetters,
        'Serverless-SQSRedrivePolicy',
        'It is itself the queue of dead letters; an alarm watches it, and people redrive it.',
      );
    }
  }

  grantSend(role: IRole): void {
    role.addToPrincipalPolicy(new PolicyStatement({ actions: ['sqs:SendMessage'], resources: [this.queue.queueArn] }));
    this.#keys.grantReadAndWrite(role, 'sqs');
  }

  /** Lambda polls the queue in the function's name, and the function says how long a message waits. `id`: for a function's second queue. */
  feed(
    target: RelayFunction,
    { maximumConcurrency, id = 'Messages' }: { readonly maximumConcurrency: number; readonly id?: string },
  ): void {
    const actions = ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ChangeMessageVisibility'];
    target.role.addToPrincipalPolicy(new PolicyStatement({ actions, resources: [this.queue.queueArn] }));
    this.#keys.grantRead(target.role, 'sqs');
    const mapping = new CfnEventSourceMapping(target, id, {
      functionName: target.function.functionArn,
      eventSourceArn: this.queue.queueArn,
      batchSize: this.#batchSize,
      functionResponseTypes: ['ReportBatchItemFailures'],
      scalingConfig: { maximumConcurrency },
    });
    accept(
      mapping,
      'Serverless-LambdaEventSourceMappingDestination',
      'Queues know no such destination; what is received too often goes to the dead letters of the queue.',
    );
    // Lambda tries the permissions out when the mapping is made.
    mapping.node.addDependency(target.role);
  }
}
