import { Stack, Validations } from 'aws-cdk-lib';
import {
  FlowLogDestination,
  FlowLogTrafficType,
  GatewayVpcEndpoint,
  GatewayVpcEndpointAwsService,
  InterfaceVpcEndpoint,
  InterfaceVpcEndpointAwsService,
  type ISecurityGroup,
  type ISubnet,
  type IVpc,
  IpAddresses,
  Peer,
  Port,
  SecurityGroup,
  Subnet,
  type SubnetSelection,
  SubnetType,
  Vpc,
} from 'aws-cdk-lib/aws-ec2';
import { AnyPrincipal, PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { ExistingKafka, KafkaSettings } from '../kafka-schema.ts';
import { ClosedSecurityGroup } from './closed-security-group.ts';
import { askWhenDeployed } from './deploy-time-question.ts';
import type { RelayKeys } from './keys.ts';
import { type Keeping, RelayLogGroup } from './relay-log-group.ts';

/** Port of the brokers for IAM authentication inside the VPC. */
const iamPort = Port.tcp(9098);
const https = Port.tcp(443);

interface RelayNetworkProps {
  readonly kafka: KafkaSettings;
  /** Names of the availability zones of a network of our own. */
  readonly zones: readonly string[];
  readonly keys: RelayKeys;
  readonly keeping: Keeping;
}

/**
 * Where the brokers are, and the functions that write to them. No internet gateway and no NAT: what those need beside the brokers
 * (DynamoDB, S3, SQS, KMS) they reach through endpoints, open to this account and to resources of this account only.
 */
export class RelayNetwork extends Construct {
  readonly vpc: IVpc;
  readonly subnets: SubnetSelection & { readonly subnets: ISubnet[] };
  readonly brokers: ISecurityGroup;
  readonly functions: SecurityGroup;
  readonly #props: RelayNetworkProps;

  constructor(scope: Construct, id: string, props: RelayNetworkProps) {
    super(scope, id);
    this.#props = props;
    const { kafka } = props;
    this.vpc = kafka.kind === 'provisioned' ? this.#ownVpc(kafka.vpcCidr) : this.#existingVpc(kafka);
    this.subnets = kafka.kind === 'provisioned' ? { subnets: this.vpc.isolatedSubnets } : { subnets: this.#existingSubnets(kafka) };
    const { vpc } = this;
    this.functions = new ClosedSecurityGroup(this, 'Functions', {
      vpc,
      description: 'Functions beside the brokers: to them and to endpoints',
    });
    this.brokers =
      kafka.kind === 'provisioned'
        ? new ClosedSecurityGroup(this, 'Brokers', { vpc, description: 'Kafka brokers, and the poller that Lambda puts beside them' })
        : SecurityGroup.fromSecurityGroupId(this, 'Brokers', kafka.securityGroupId, { allowAllOutbound: false });
    this.brokers.connections.allowFrom(this.functions, iamPort, 'functions write changes');
    // Lambda's poller for the event source mapping gets the security group of the cluster.
    this.brokers.connections.allowInternally(iamPort, 'the poller reads changes');

    if (kafka.kind === 'existing' && kafka.endpoints === 'present') {
      this.functions.addEgressRule(Peer.anyIpv4(), https, 'DynamoDB, S3, SQS and KMS, on whichever way this network has to them');
    } else {
      this.#gateway('DynamoDb', 'dynamodb');
      this.#gateway('S3', 's3');
      for (const [id, service] of Object.entries({ Sqs: InterfaceVpcEndpointAwsService.SQS, Kms: InterfaceVpcEndpointAwsService.KMS }))
        this.#interface(id, service, this.functions).addToPolicy(this.#thisAccountOnly());
    }
  }

  /**
   * On-demand pollers call Lambda and STS out of the brokers' network; provisioned ones need no way. The endpoints let through nobody but
   * Lambda, for one action each. It calls in its own name, of no account, and AWS asks for "*" as the resource.
   * https://docs.aws.amazon.com/lambda/latest/dg/with-msk-cluster-network.html
   * @returns what must be there before the poller; nothing in a network that has its ways already
   */
  letPollerOut(): InterfaceVpcEndpoint[] {
    const { kafka } = this.#props;
    if (kafka.kind === 'existing' && kafka.endpoints === 'present') return [];
    const lambda = new ServicePrincipal('lambda.amazonaws.com');
    return [
      { id: 'Lambda', service: InterfaceVpcEndpointAwsService.LAMBDA, action: 'lambda:InvokeFunction' },
      { id: 'Sts', service: InterfaceVpcEndpointAwsService.STS, action: 'sts:AssumeRole' },
    ].map(({ id, service, action }) => {
      const endpoint = this.#interface(id, service, this.brokers);
      endpoint.addToPolicy(new PolicyStatement({ principals: [lambda], actions: [action], resources: ['*'] }));
      return endpoint;
    });
  }

  #ownVpc(cidr: string): IVpc {
    const vpc = new Vpc(this, 'Vpc', {
      ipAddresses: IpAddresses.cidr(cidr),
      availabilityZones: [...this.#props.zones],
      natGateways: 0,
      createInternetGateway: false,
      subnetConfiguration: [{ name: 'relay', subnetType: SubnetType.PRIVATE_ISOLATED }],
      // Would bring a function that may change security groups; nothing here uses the default one.
      restrictDefaultSecurityGroup: false,
    });
    for (const subnet of vpc.isolatedSubnets) {
      Validations.of(subnet).acknowledge({
        id: 'CloudFormation-Validate::W3010',
        reason: 'A zone that another list of zones puts in its place would replace the cluster; the stage names its zones.',
      });
    }
    const logGroup = new RelayLogGroup(this, 'RefusedTraffic', { keeping: this.#props.keeping, key: this.#props.keys.data });
    vpc.addFlowLog('Refused', { destination: FlowLogDestination.toCloudWatchLogs(logGroup), trafficType: FlowLogTrafficType.REJECT });
    // CDK declares optional members without `| undefined`, which exactOptionalPropertyTypes holds against its own class.
    return vpc as IVpc;
  }

  #existingVpc({ vpcId, subnets }: ExistingKafka): IVpc {
    return Vpc.fromVpcAttributes(this, 'Vpc', { vpcId, availabilityZones: subnets.map(({ zone }) => zone) });
  }

  #existingSubnets({ subnets }: ExistingKafka): ISubnet[] {
    return subnets.map(({ id, zone, routeTableId }) =>
      Subnet.fromSubnetAttributes(this, id, { subnetId: id, availabilityZone: zone, routeTableId }),
    );
  }

  /** Costs nothing. The security group lets through what AWS lists as the service's addresses. */
  #gateway(id: string, service: 'dynamodb' | 's3'): void {
    const { region } = Stack.of(this);
    const awsService = service === 's3' ? GatewayVpcEndpointAwsService.S3 : GatewayVpcEndpointAwsService.DYNAMODB;
    const endpoint = new GatewayVpcEndpoint(this, id, { vpc: this.vpc, service: awsService, subnets: [this.subnets] });
    endpoint.addToPolicy(this.#thisAccountOnly());
    const name = `com.amazonaws.${region}.${service}`;
    const addresses = askWhenDeployed(this, `${id}Addresses`, {
      service: 'EC2',
      action: 'DescribeManagedPrefixLists',
      parameters: { Filters: [{ Name: 'prefix-list-name', Values: [name] }] },
      answer: 'PrefixLists.0.PrefixListId',
      // EC2 knows no resource for this action.
      permission: { action: 'ec2:DescribeManagedPrefixLists', resource: '*' },
      askAgainWhen: name,
      keeping: this.#props.keeping,
      key: this.#props.keys.data,
    });
    this.functions.addEgressRule(Peer.prefixList(addresses.getResponseField('PrefixLists.0.PrefixListId')), https, id);
  }

  /** Paid by the hour and zone. */
  #interface(id: string, service: InterfaceVpcEndpointAwsService, caller: ISecurityGroup): InterfaceVpcEndpoint {
    const endpointGroup = new ClosedSecurityGroup(this, `${id}Endpoint`, {
      vpc: this.vpc,
      description: caller === this.functions ? `${id} endpoint: from functions` : `${id} endpoint: from the poller`,
    });
    const endpoint = new InterfaceVpcEndpoint(this, id, {
      vpc: this.vpc,
      service,
      subnets: this.subnets,
      securityGroups: [endpointGroup],
      open: false,
    });
    endpointGroup.connections.allowFrom(caller, https, caller === this.functions ? 'functions' : 'the poller');
    return endpoint;
  }

  #thisAccountOnly(): PolicyStatement {
    const { account } = Stack.of(this);
    return new PolicyStatement({
      principals: [new AnyPrincipal()],
      actions: ['*'],
      resources: ['*'],
      conditions: { StringEquals: { 'aws:PrincipalAccount': account, 'aws:ResourceAccount': account } },
    });
  }
}
