import { CfnResource, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { type IRole, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { accept, acceptWildcard } from '../accept.ts';
import type { RelayKeys } from './keys.ts';
import { type Keeping, RelayLogGroup } from './relay-log-group.ts';
import { RelayTable } from './relay-table.ts';

/** As long as the index items live (`expiresAt`, lib/dynamodb/quarantine-index.ts). */
const retentionDays = 90;
const oldestTls = 1.2;

/** What was authentic and could not be read or carried: bodies in a bucket, an index of them in a table. */
export class Quarantine extends Construct {
  readonly bucket: Bucket;
  readonly index: RelayTable;
  readonly #keys: RelayKeys;

  constructor(scope: Construct, id: string, props: { readonly keys: RelayKeys; readonly keeping: Keeping }) {
    super(scope, id);
    const { removalPolicy } = props.keeping;
    this.#keys = props.keys;
    this.index = new RelayTable(this, 'Index', { name: 'quarantine', keys: props.keys, removalPolicy });
    this.bucket = new Bucket(this, 'Bodies', {
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      encryption: BucketEncryption.KMS,
      encryptionKey: props.keys.data,
      // One KMS call for many objects.
      bucketKeyEnabled: true,
      enforceSSL: true,
      minimumTLSVersion: oldestTls,
      lifecycleRules: [
        { id: 'quarantine-ends', expiration: Duration.days(retentionDays), abortIncompleteMultipartUploadAfter: Duration.days(1) },
      ],
      removalPolicy,
      // CloudFormation deletes empty buckets only.
      autoDeleteObjects: removalPolicy === RemovalPolicy.DESTROY,
    });
    if (removalPolicy === RemovalPolicy.DESTROY) this.#keepLogsOfEmptier(props.keeping);
    accept(
      this.bucket,
      'AwsSolutions-S1',
      'Functions can put and not read; whoever reads a body opens it with the data key, which CloudTrail records.',
    );
  }

  /** CDK's function that empties the bucket would log for ever, and without our key: CDK itself gives no hand in it. */
  #keepLogsOfEmptier(keeping: Keeping): void {
    const { logGroupName } = new RelayLogGroup(this, 'EmptierLogs', { keeping, key: this.#keys.data });
    const emptier = Stack.of(this).node.findChild('Custom::S3AutoDeleteObjectsCustomResourceProvider').node.findChild('Handler');
    if (!CfnResource.isCfnResource(emptier)) throw new Error('What empties the bucket is no function any more');
    emptier.addPropertyOverride('LoggingConfig', { LogGroup: logGroupName });
  }

  /** Something may be put there, and nothing read back. */
  grantKeep(role: IRole): void {
    const bodies = this.bucket.arnForObjects('bodies/*');
    role.addToPrincipalPolicy(new PolicyStatement({ actions: ['s3:PutObject'], resources: [bodies] }));
    acceptWildcard(role, bodies, 'Each body has a name of its own below this prefix.');
    this.#keys.grantReadAndWrite(role, 's3');
    this.index.grant(role, 'PutItem');
  }

  /** The index may be listed; the bodies stay closed. */
  grantList(role: IRole): void {
    this.index.grant(role, 'Query');
  }
}
