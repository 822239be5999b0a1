import { Duration, type RemovalPolicy } from 'aws-cdk-lib';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { accept } from '../accept.ts';
import type { RelayKeys } from './keys.ts';

/** Where an asynchronous invocation ends that failed for good: what was asked, for somebody to look at. An alarm watches it. */
export class FailedInvocations extends Construct {
  readonly queue: Queue;

  constructor(scope: Construct, id: string, props: { readonly keys: RelayKeys; readonly removalPolicy: RemovalPolicy }) {
    super(scope, id);
    this.queue = new Queue(this, 'Queue', {
      retentionPeriod: Duration.days(14),
      encryption: QueueEncryption.KMS,
      encryptionMasterKey: props.keys.data,
      dataKeyReuse: Duration.hours(1),
      enforceSSL: true,
      removalPolicy: props.removalPolicy,
    });
    const reason = 'It is itself the queue of what failed; nothing reads it but people.';
    accept(this.queue, 'AwsSolutions-SQS3', reason);
    accept(this.queue, 'Serverless-SQSRedrivePolicy', reason);
  }
}
