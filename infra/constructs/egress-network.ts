import { Fn } from 'aws-cdk-lib';
import {
  CfnEIP,
  FlowLogDestination,
  FlowLogTrafficType,
  GatewayVpcEndpointAwsService,
  IpAddresses,
  type ISecurityGroup,
  type IVpc,
  NatProvider,
  Peer,
  Port,
  type SecurityGroup,
  type SubnetSelection,
  SubnetType,
  Vpc,
} from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';
import { accept } from '../accept.ts';
import { ClosedSecurityGroup } from './closed-security-group.ts';
import type { RelayKeys } from './keys.ts';
import { type Keeping, RelayLogGroup } from './relay-log-group.ts';

interface EgressNetworkProps {
  readonly vpcCidr: string;
  readonly natGateways: number;
  readonly zones: readonly string[];
  readonly keys: RelayKeys;
  readonly keeping: Keeping;
}

/**
 * A network of deliver's own, out of which webhooks leave from fixed addresses. Apart from the brokers' network, which has no way to
 * the internet and keeps none.
 */
export class EgressNetwork extends Construct {
  readonly vpc: IVpc;
  readonly subnets: SubnetSelection = { subnetType: SubnetType.PRIVATE_WITH_EGRESS };
  readonly securityGroup: ISecurityGroup;
  /** Where webhooks come from, comma-separated. */
  readonly addresses: string;

  constructor(scope: Construct, id: string, props: EgressNetworkProps) {
    super(scope, id);
    const addresses = Array.from({ length: props.natGateways }, (_, index) => new CfnEIP(this, `Address${index + 1}`, { domain: 'vpc' }));
    const vpc = new Vpc(this, 'Vpc', {
      ipAddresses: IpAddresses.cidr(props.vpcCidr),
      availabilityZones: [...props.zones],
      natGateways: props.natGateways,
      natGatewayProvider: NatProvider.gateway({ eipAllocationIds: addresses.map(({ attrAllocationId }) => attrAllocationId) }),
      subnetConfiguration: [
        { name: 'nat', subnetType: SubnetType.PUBLIC, mapPublicIpOnLaunch: false },
        { name: 'deliver', subnetType: SubnetType.PRIVATE_WITH_EGRESS },
      ],
      restrictDefaultSecurityGroup: false,
      gatewayEndpoints: { DynamoDb: { service: GatewayVpcEndpointAwsService.DYNAMODB }, S3: { service: GatewayVpcEndpointAwsService.S3 } },
    });
    for (const subnet of [...vpc.publicSubnets, ...vpc.privateSubnets])
      accept(subnet, 'CloudFormation-Validate::W3010', 'The stage names its zones, as for the network of the brokers.');
    const logGroup = new RelayLogGroup(this, 'RefusedTraffic', { keeping: props.keeping, key: props.keys.data });
    vpc.addFlowLog('Refused', { destination: FlowLogDestination.toCloudWatchLogs(logGroup), trafficType: FlowLogTrafficType.REJECT });
    // CDK declares optional members without `| undefined`, which exactOptionalPropertyTypes holds against its own class.
    this.vpc = vpc as IVpc;
    const group: SecurityGroup = new ClosedSecurityGroup(this, 'Deliver', {
      vpc: this.vpc,
      description: 'deliver: to subscribers and to AWS',
    });
    // Subscribers may listen on any port; the function checks every address itself (lib/webhooks/address-guard.ts).
    group.addEgressRule(Peer.anyIpv4(), Port.allTcp(), 'webhooks');
    this.securityGroup = group;
    this.addresses = Fn.join(
      ',',
      addresses.map(({ attrPublicIp }) => attrPublicIp),
    );
  }
}
