import { Stack } from 'aws-cdk-lib';
import { CfnCluster } from 'aws-cdk-lib/aws-msk';
import { Construct } from 'constructs';
import type { ProvisionedKafka } from '../kafka-schema.ts';
import type { RelayKeys } from './keys.ts';
import { type Keeping, RelayLogGroup } from './relay-log-group.ts';
import type { RelayNetwork } from './relay-network.ts';

/**
 * Kafka 3.9 is the newest that all of the brokers run: without ZooKeeper where they can. MSK refuses t3.small without it ("Unsupported
 * InstanceType", which no schema says), and Express brokers with it. Away from t3.small a stage changes size and version at once: MSK does
 * one at a time, and takes ZooKeeper away in place from larger brokers only.
 * https://docs.aws.amazon.com/msk/latest/developerguide/zk-to-kraft-migration.html
 */
function kafkaVersion({ instanceType }: ProvisionedKafka['brokers']): string {
  return instanceType === 'kafka.t3.small' ? '3.9.x' : '3.9.x.kraft';
}

/** An MSK cluster of our own over three zones: TLS and IAM only, encrypted with our key, reached from the VPC alone. */
export class OwnKafka extends Construct {
  readonly clusterArn: string;

  constructor(
    scope: Construct,
    id: string,
    props: { readonly kafka: ProvisionedKafka; readonly network: RelayNetwork; readonly keys: RelayKeys; readonly keeping: Keeping },
  ) {
    super(scope, id);
    const { kafka, network, keys, keeping } = props;
    const { subnets } = network.subnets;
    const logGroup = new RelayLogGroup(this, 'Logs', { keeping, key: keys.data, deliveredAs: 'brokers' });
    const cluster = new CfnCluster(this, 'Cluster', {
      clusterName: Stack.of(this).stackName,
      kafkaVersion: kafkaVersion(kafka.brokers),
      numberOfBrokerNodes: subnets.length * kafka.brokersPerZone,
      brokerNodeGroupInfo: {
        instanceType: kafka.brokers.instanceType,
        clientSubnets: subnets.map(({ subnetId }) => subnetId),
        securityGroups: [network.brokers.securityGroupId],
        connectivityInfo: { publicAccess: { type: 'DISABLED' } },
        ...(kafka.brokers.kind === 'standard' ? { storageInfo: { ebsStorageInfo: { volumeSize: kafka.brokers.diskGb } } } : {}),
      },
      clientAuthentication: { sasl: { iam: { enabled: true } }, unauthenticated: { enabled: false } },
      encryptionInfo: {
        encryptionAtRest: { dataVolumeKmsKeyId: keys.data.keyArn },
        encryptionInTransit: { clientBroker: 'TLS', inCluster: true },
      },
      loggingInfo: { brokerLogs: { cloudWatchLogs: { enabled: true, logGroup: logGroup.logGroupName } } },
    });
    cluster.applyRemovalPolicy(keeping.removalPolicy);
    this.clusterArn = cluster.attrArn;
  }
}
