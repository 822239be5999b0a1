import type { RemovalPolicy } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';

/** What is the same for everything that a stack keeps. */
export interface Keeping {
  readonly removalPolicy: RemovalPolicy;
  readonly logRetentionDays: number;
}

/** A log group that forgets after some days and is encrypted with our key. */
export class RelayLogGroup extends LogGroup {
  constructor(scope: Construct, id: string, { keeping, key }: { readonly keeping: Keeping; readonly key: IKey }) {
    const { logRetentionDays, removalPolicy } = keeping;
    // The enum's values are the days, and the stage's schema lets through only those that CloudWatch knows.
    // eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment
    super(scope, id, { encryptionKey: key, retention: logRetentionDays, removalPolicy });
  }
}
