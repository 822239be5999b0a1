import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Peer, Port, Vpc } from 'aws-cdk-lib/aws-ec2';
import { describe, expect, it } from 'vitest';
import { functionSettings } from '#lib/config/function-settings.ts';
import { ClosedSecurityGroup } from '../../infra/constructs/closed-security-group.ts';
import type { Stage } from '../../infra/stages.ts';
import { variants } from '../../infra/variants.ts';
import { grantsOf } from './grants-of.ts';
import { type SecurityRules, securityRulesOf } from './security-rules-of.ts';
import { readable, resource, resourcesOf, synthesiseStage } from './synthesise.ts';

const anywhere = '0.0.0.0/0';
/** Kafka with IAM authentication inside the VPC. https://docs.aws.amazon.com/msk/latest/developerguide/port-info.html */
const toBrokers = (group: string): string => `tcp 9098 ${group}`;
const https = (peer: string): string => `tcp 443 ${peer}`;

/** What docs/deploy.md says under "The network", and nothing beside it. */
function documented({ kafka, fanOut, deliver }: Stage): Record<string, SecurityRules> {
  const functions = 'NetworkFunctions';
  const brokers = kafka.kind === 'existing' ? kafka.securityGroupId : 'NetworkBrokers';
  const ready = kafka.kind === 'existing' && kafka.endpoints === 'present';
  const services = ready ? [anywhere] : ['NetworkDynamoDbAddresses', 'NetworkS3Addresses', 'NetworkSqsEndpoint', 'NetworkKmsEndpoint'];
  const pollers = ready || fanOut.kind === 'provisioned' ? [] : ['NetworkLambdaEndpoint', 'NetworkStsEndpoint'];
  const endpoint = (caller: string) => (name: string) => [name, { out: [], in: [https(caller)] }] as const;
  return {
    [functions]: { out: [...services.map(https), toBrokers(brokers)].sort(), in: [] },
    [brokers]: {
      out: [toBrokers(brokers), ...pollers.map(https)].sort(),
      in: [toBrokers(functions), toBrokers(brokers)].sort(),
    },
    ...Object.fromEntries(services.filter((name) => name.endsWith('Endpoint')).map(endpoint(functions))),
    ...Object.fromEntries(pollers.map(endpoint(brokers))),
    // Subscribers may listen on any port that the address guard lets through.
    ...(deliver.staticEgress === undefined ? {} : { EgressDeliver: { out: [`tcp 0-65535 ${anywhere}`], in: [] } }),
  };
}

/** The services that the function's own code may call, by its role: neither its log nor what a service or Lambda does in its name. */
function calledBy(template: Template, functionId: string): string[] {
  const own = grantsOf(template, functionId).filter((grant) => !/^(never |logs:|ec2:)|kms:ViaService/.test(grant));
  return [...new Set(own.map((grant) => grant.split(':')[0]!))];
}

/** Where a service is, in the words of a rule: one of these must be let out. */
const waysTo: Readonly<Record<string, (brokers: string) => readonly string[]>> = {
  dynamodb: () => [https('NetworkDynamoDbAddresses'), https(anywhere), `tcp 0-65535 ${anywhere}`],
  s3: () => [https('NetworkS3Addresses'), https(anywhere), `tcp 0-65535 ${anywhere}`],
  sqs: () => [https('NetworkSqsEndpoint'), https(anywhere), `tcp 0-65535 ${anywhere}`],
  kms: () => [https('NetworkKmsEndpoint'), https(anywhere), `tcp 0-65535 ${anywhere}`],
  'kafka-cluster': (brokers) => [toBrokers(brokers)],
};

describe.each(variants())('the security groups of $name', ({ stage }) => {
  const template = synthesiseStage(stage);
  const rules = securityRulesOf(template);
  const groupsOf = (config: { SecurityGroupIds: unknown[] }): string[] => config.SecurityGroupIds.map(readable);
  const inNetwork = Object.entries(resourcesOf(template, 'AWS::Lambda::Function')).flatMap(([id, { Properties }]) =>
    Properties['VpcConfig'] === undefined
      ? []
      : [{ name: id.replace(/Function.*/, ''), groups: groupsOf(Properties['VpcConfig'] as { SecurityGroupIds: unknown[] }) }],
  );

  it('let out and in what is documented, each rule once, and nothing else', () => {
    expect(rules).toEqual(documented(stage));
  });

  it('let each function that is in a network reach all that it may call', () => {
    const brokers = stage.kafka.kind === 'existing' ? stage.kafka.securityGroupId : 'NetworkBrokers';
    const talkToKafka = Object.entries(functionSettings).filter(([, { variables }]) => variables.some((name) => name === 'KAFKA_BROKERS'));
    const expected = [...talkToKafka.map(([name]) => pascal(name)), ...(stage.deliver.staticEgress === undefined ? [] : ['Deliver'])];
    expect(inNetwork.map(({ name }) => name).sort()).toEqual(expected.sort());
    for (const { name, groups } of inNetwork) {
      const out = groups.flatMap((group) => rules[group]?.out ?? []);
      for (const service of calledBy(template, name))
        expect(
          waysTo[service]?.(brokers).some((way) => out.includes(way)),
          `${name} to ${service}`,
        ).toBe(true);
    }
  });

  it('are those of the functions, the brokers and the endpoints, with none that nothing uses', () => {
    const endpoints = Object.values(resourcesOf(template, 'AWS::EC2::VPCEndpoint')).flatMap(({ Properties }) =>
      Properties['SecurityGroupIds'] === undefined ? [] : groupsOf(Properties as unknown as { SecurityGroupIds: unknown[] }),
    );
    const brokers =
      stage.kafka.kind === 'existing'
        ? [stage.kafka.securityGroupId]
        : (resource(template, 'AWS::MSK::Cluster').Properties['BrokerNodeGroupInfo'].SecurityGroups as unknown[]).map(readable);
    const used = new Set([...inNetwork.flatMap(({ groups }) => groups), ...endpoints, ...brokers]);
    expect(Object.keys(rules).sort()).toEqual([...used].sort());
  });
});

describe('a closed security group', () => {
  const synthesised = (peers: readonly string[]): Template => {
    const stack = new Stack(new App({ analyticsReporting: false }), 'closed');
    const vpc = Vpc.fromVpcAttributes(stack, 'Vpc', { vpcId: 'vpc-0123456789abcdef0', availabilityZones: ['eu-central-1a'] });
    const group = new ClosedSecurityGroup(stack, 'Group', { vpc, description: 'made up' });
    for (const peer of peers) group.addEgressRule(peer.includes(':') ? Peer.ipv6(peer) : Peer.ipv4(peer), Port.tcp(443), 'made up');
    return Template.fromStack(stack);
  };

  it('lets nothing out without a rule', () => {
    expect(securityRulesOf(synthesised([]))).toEqual({ Group: { out: [], in: [] } });
  });

  it('lets out each rule towards addresses, once, as a resource that further rules leave alone', () => {
    const one = synthesised([anywhere]);
    const many = synthesised([anywhere, '192.0.2.0/24', anywhere, '::/0']);
    expect(securityRulesOf(many)).toEqual({ Group: { out: [https(anywhere), https('192.0.2.0/24'), https('::/0')].sort(), in: [] } });
    const ids = (template: Template): string[] => Object.keys(resourcesOf(template, 'AWS::EC2::SecurityGroupEgress'));
    expect(ids(one)).toHaveLength(1);
    expect(ids(many)).toEqual(expect.arrayContaining(ids(one)));
  });
});

function pascal(name: string): string {
  return name.replaceAll(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase());
}
