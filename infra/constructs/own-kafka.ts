import { Stack } from 'aws-cdk-lib';
import { CfnCluster } from 'aws-cdk-lib/aws-msk';
import { Construct } from 'constructs';
import type { ProvisionedKafka } from '../stages.ts';
import type { RelayKeys } from './keys.ts';
import { type Keeping, RelayLogGroup } from './relay-log-group.ts';
import type { RelayNetwork } from './relay-network.ts';

/** The newest that both kinds of brokers run; without ZooKeeper, to which and from which there is no way back. */
const kafkaVersion = '3.9.x.kraft';

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
    const logGroup = new RelayLogGroup(this, 'Logs', { keeping, key: keys.data });
    const cluster = new CfnCluster(this, 'Cluster', {
      clusterName: Stack.of(this).stackName,
      kafkaVersion,
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
