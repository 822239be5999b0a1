import { type RemovalPolicy, Stack } from 'aws-cdk-lib';
import { type IRole, PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';

/** Services that use the data key on behalf of a function. */
type Through = 'dynamodb' | 's3' | 'sqs';

/**
 * Two keys, both rotated every year: one under which AWS stores our data, and one that the functions seal secrets with.
 * Apart, so that reading a table does not open the secrets in it.
 */
export class RelayKeys extends Construct {
  readonly data: Key;
  readonly secrets: Key;

  constructor(scope: Construct, id: string, props: { readonly removalPolicy: RemovalPolicy }) {
    super(scope, id);
    const { region, account, partition } = Stack.of(this);
    const key = { enableKeyRotation: true, removalPolicy: props.removalPolicy };
    this.data = new Key(this, 'Data', { ...key, description: 'okta-event-relay: tables, queues, quarantine, logs, Kafka volumes' });
    this.secrets = new Key(this, 'Secrets', {
      ...key,
      description: 'okta-event-relay: signing secrets of subscriptions, hook secrets of orgs',
    });

    // CloudWatch Logs reads a log group's key by the key's policy only. "*" is this key: a key policy can name no other.
    this.data.addToResourcePolicy(
      new PolicyStatement({
        sid: 'CloudWatchLogs',
        principals: [new ServicePrincipal(`logs.${region}.amazonaws.com`)],
        actions: [
          'kms:Encrypt',
          'kms:Decrypt',
          'kms:ReEncryptFrom',
          'kms:ReEncryptTo',
          'kms:GenerateDataKey',
          'kms:GenerateDataKeyWithoutPlaintext',
          'kms:DescribeKey',
        ],
        resources: ['*'],
        conditions: { ArnLike: { 'kms:EncryptionContext:aws:logs:arn': `arn:${partition}:logs:${region}:${account}:log-group:*` } },
      }),
    );
  }

  /**
   * A service of AWS may use the data key for what it puts into our queues and topics. "*" is this key. AWS documents no condition for
   * CloudWatch, and one that it does not send would silence every alarm; whose alarms they are, the topic's own policy says.
   * https://repost.aws/knowledge-center/cloudwatch-configure-alarm-sns
   */
  grantService(name: 'cloudwatch' | 'events'): void {
    const conditions = name === 'cloudwatch' ? {} : { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } };
    this.data.addToResourcePolicy(
      new PolicyStatement({
        sid: `Service${name}`,
        principals: [new ServicePrincipal(`${name}.amazonaws.com`)],
        actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
        resources: ['*'],
        conditions,
      }),
    );
  }

  /** Stored data may be read through one service; never decrypted by the function itself. */
  grantRead(role: IRole, through: Through): void {
    this.#grant(role, through, ['kms:Decrypt', 'kms:DescribeKey']);
  }

  /** The same, and data may be stored. DynamoDB checks a caller for all of these; SQS and S3 ask for GenerateDataKey and Decrypt. */
  grantReadAndWrite(role: IRole, through: Through): void {
    const storing = ['kms:Encrypt', 'kms:ReEncryptFrom', 'kms:ReEncryptTo', 'kms:GenerateDataKeyWithoutPlaintext'];
    this.#grant(role, through, ['kms:Decrypt', 'kms:DescribeKey', 'kms:GenerateDataKey', ...(through === 'dynamodb' ? storing : [])]);
  }

  /** New secrets of this purpose may be sealed. */
  grantSeal(role: IRole, purpose: 'signing-secret' | 'hook-secret'): void {
    this.#grantSecrets(role, 'kms:GenerateDataKey', purpose);
  }

  /** Sealed secrets of this purpose may be opened; the purpose is part of what KMS checks (lib/sealing/data-keys.ts). */
  grantOpen(role: IRole, purpose: 'signing-secret' | 'hook-secret'): void {
    this.#grantSecrets(role, 'kms:Decrypt', purpose);
  }

  #grantSecrets(role: IRole, action: string, purpose: string): void {
    const conditions = { StringEquals: { 'kms:EncryptionContext:purpose': purpose } };
    role.addToPrincipalPolicy(new PolicyStatement({ actions: [action], resources: [this.secrets.keyArn], conditions }));
  }

  #grant(role: IRole, through: Through, actions: string[]): void {
    const conditions = { StringEquals: { 'kms:ViaService': `${through}.${Stack.of(this).region}.amazonaws.com` } };
    role.addToPrincipalPolicy(new PolicyStatement({ actions, resources: [this.data.keyArn], conditions }));
  }
}
