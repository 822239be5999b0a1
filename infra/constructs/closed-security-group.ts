import { CfnSecurityGroup, type IPeer, type IVpc, type Port, SecurityGroup } from 'aws-cdk-lib/aws-ec2';
import type { Construct } from 'constructs';

/** CDK's own way to say "nowhere": an ICMP message that does not exist, to nobody. */
const nowhere = {
  IpProtocol: 'icmp',
  FromPort: 252,
  ToPort: 86,
  CidrIp: '255.255.255.255/32',
  Description: 'Nothing but what is allowed beside this',
};

/**
 * A security group that lets nothing out but what is allowed. EC2 lets everything out of a group that is made without a rule of
 * its own, so it has one that says "nowhere", and each rule is a resource beside it, made after it.
 */
export class ClosedSecurityGroup extends SecurityGroup {
  constructor(scope: Construct, id: string, props: { readonly vpc: IVpc; readonly description: string }) {
    super(scope, id, { ...props, allowAllOutbound: false, allowAllIpv6Outbound: false });
    const resource = this.node.defaultChild;
    if (!(resource instanceof CfnSecurityGroup)) throw new Error('The security group has no CloudFormation resource');
    resource.addPropertyOverride('SecurityGroupEgress', [nowhere]);
  }

  /** Never among the group's own rules, where CDK puts those towards addresses: there "nowhere" takes their place. */
  override addEgressRule(peer: IPeer, connection: Port, description?: string, remoteRule?: boolean): void {
    super.addEgressRule(besideTheGroup(peer), connection, description, remoteRule);
  }
}

/** The same peer, for which CDK makes a resource of its own. Other groups are such peers already, and stay what they are. */
function besideTheGroup(peer: IPeer): IPeer {
  if (!peer.canInlineRule) return peer;
  return {
    canInlineRule: false,
    uniqueId: peer.uniqueId,
    connections: peer.connections,
    toIngressRuleConfig: () => peer.toIngressRuleConfig(),
    toEgressRuleConfig: () => peer.toEgressRuleConfig(),
  };
}
