import type { Template } from 'aws-cdk-lib/assertions';
import { type Json, readable, resourcesOf } from './synthesise.ts';

export interface SecurityRules {
  readonly out: readonly string[];
  readonly in: readonly string[];
}

/** How a group says that it lets out nothing by itself: a message that does not exist, to nobody. */
const nowhere = 'icmp 252-86 255.255.255.255/32';

/**
 * What each security group lets out and in, as "protocol ports peer": what the group says by itself and the rules beside it, which EC2
 * adds up. A group that says nothing at all lets everything out ("everything"), as EC2 has it; one that is not of the stack is there with
 * the rules that the stack adds.
 * @throws Error when a group has the same rule twice, which EC2 refuses
 */
export function securityRulesOf(template: Template): Readonly<Record<string, SecurityRules>> {
  const found: Record<string, { out: string[]; in: string[] }> = {};
  const of = (group: string): { out: string[]; in: string[] } => (found[group] ??= { out: [], in: [] });
  for (const [id, { Properties }] of Object.entries(resourcesOf(template, 'AWS::EC2::SecurityGroup'))) {
    const said = (Properties['SecurityGroupEgress'] ?? []) as Json[];
    const group = of(readable({ Ref: id }));
    group.out.push(...(said.length === 0 ? ['everything'] : said.map(inWords)));
    group.in.push(...((Properties['SecurityGroupIngress'] ?? []) as Json[]).map(inWords));
  }
  for (const [type, direction] of [
    ['AWS::EC2::SecurityGroupEgress', 'out'],
    ['AWS::EC2::SecurityGroupIngress', 'in'],
  ] as const)
    for (const { Properties } of Object.values(resourcesOf(template, type)))
      of(readable(Properties['GroupId']))[direction].push(inWords(Properties));
  return Object.fromEntries(
    Object.entries(found).map(([group, rules]) => [
      group,
      { out: once(group, rules.out).filter((rule) => rule !== nowhere), in: once(group, rules.in) },
    ]),
  );
}

function once(group: string, rules: readonly string[]): string[] {
  if (new Set(rules).size < rules.length) throw new Error(`${group} has a rule twice: ${rules.join(', ')}`);
  return rules.toSorted();
}

function inWords(rule: Json): string {
  const ports = rule.FromPort === rule.ToPort ? String(rule.FromPort) : `${rule.FromPort}-${rule.ToPort}`;
  const peer: unknown =
    rule.DestinationSecurityGroupId ??
    rule.DestinationPrefixListId ??
    rule.SourceSecurityGroupId ??
    rule.SourcePrefixListId ??
    rule.CidrIp ??
    rule.CidrIpv6;
  return `${rule.IpProtocol} ${ports} ${readable(peer)}`;
}
