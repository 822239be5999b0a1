import { Aws, Fn, type RemovalPolicy, Stack } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';

/** What is the same for everything that a stack keeps. */
export interface Keeping {
  readonly removalPolicy: RemovalPolicy;
  readonly logRetentionDays: number;
}

interface RelayLogGroupProps {
  readonly keeping: Keeping;
  readonly key: IKey;
  /** For logs that an AWS service delivers by itself: what they are of, as a part of the name. */
  readonly deliveredAs?: string;
}

/** A log group that forgets after some days and is encrypted with our key. */
export class RelayLogGroup extends LogGroup {
  constructor(scope: Construct, id: string, { keeping, key, deliveredAs }: RelayLogGroupProps) {
    const { logRetentionDays, removalPolicy } = keeping;
    const named = deliveredAs === undefined ? {} : { logGroupName: nameForDelivery(scope, deliveredAs) };
    // The enum's values are the days, and the stage's schema lets through only those that CloudWatch knows.
    // eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment
    super(scope, id, { encryptionKey: key, retention: logRetentionDays, removalPolicy, ...named });
  }
}

/**
 * API Gateway and MSK write each group that they deliver to into one policy of the account, which ends at 5,120 characters: in an account
 * with many of them the stack would be refused. Names that begin like this are let in together by then. The end is of this stack's id and
 * no other's, so that a group which an earlier stack of the name has left is in nobody's way.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-infrastructure-CWL.html
 */
function nameForDelivery(scope: Construct, deliveredAs: string): string {
  const stackUuid = Fn.select(2, Fn.split('/', Aws.STACK_ID));
  return `/aws/vendedlogs/${Stack.of(scope).stackName}/${deliveredAs}-${Fn.select(4, Fn.split('-', stackUuid))}`;
}
