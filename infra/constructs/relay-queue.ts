import { Duration, type RemovalPolicy } from 'aws-cdk-lib';
import { type IRole, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { CfnEventSourceMapping } from 'aws-cdk-lib/aws-lambda';
import { DeduplicationScope, FifoThroughputLimit, Queue, QueueEncryption, type QueueProps } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { queues } from '#lib/sqs/queues.ts';
import type { RelayKeys } from './keys.ts';
import type { RelayFunction } from './relay-function.ts';

interface RelayQueueProps {
  readonly name: keyof typeof queues;
  readonly keys: RelayKeys;
  readonly removalPolicy: RemovalPolicy;
  /** Receives after which a message goes to a queue of dead letters; absent: never, and there is none. */
  readonly maxReceiveCount?: number;
}

/** A queue as lib/sqs/queues.ts has it: FIFO, each group on its own, read by one function in which each message settles by itself. */
export class RelayQueue extends Construct {
  readonly queue: Queue;
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
    const { maxReceiveCount } = props;
    this.queue = new Queue(this, 'Queue', {
      ...fifo,
      visibilityTimeout: Duration.seconds(definition.visibilityTimeoutSeconds),
      ...(maxReceiveCount === undefined ? {} : { deadLetterQueue: { queue: new Queue(this, 'DeadLetters', fifo), maxReceiveCount } }),
    });
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
    // Lambda tries the permissions out when the mapping is made.
    mapping.node.addDependency(target.role);
  }
}
