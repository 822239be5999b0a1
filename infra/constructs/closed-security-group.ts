import { CfnSecurityGroup, type IVpc, SecurityGroup } from 'aws-cdk-lib/aws-ec2';
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
 * its own, and rules towards other groups are made after it, as resources beside it.
 */
export class ClosedSecurityGroup extends SecurityGroup {
  constructor(scope: Construct, id: string, props: { readonly vpc: IVpc; readonly description: string }) {
    super(scope, id, { ...props, allowAllOutbound: false, allowAllIpv6Outbound: false });
    const resource = this.node.defaultChild;
    if (!(resource instanceof CfnSecurityGroup)) throw new Error('The security group has no CloudFormation resource');
    resource.addPropertyOverride('SecurityGroupEgress', [nowhere]);
  }
}
