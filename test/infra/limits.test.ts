import { describe, expect, it } from 'vitest';
import { variants } from '../../infra/variants.ts';
import { type Json, readable, resourcesOf, synthesiseStage } from './synthesise.ts';

/** What the services refuse and no schema says. Values of a deployment (ARNs, names) are as long as the references that stand for them. */
const most = {
  /** https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html */
  resources: 500,
  templateBytes: 1_000_000,
  outputs: 200,
  descriptionLength: 1_024,
  /** Of all inline policies of a role. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html */
  inlinePolicyLength: 10_240,
  /** https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
  environmentBytes: 4_096,
  /** https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html */
  metricsOfAlarm: 10,
};

/** Descriptions go to services that know few letters. */
const roleLetters = /^[\t\n\r\x20-\x7e\xa1-\xff]{0,1000}$/;
const securityGroupLetters = /^[\w. \-:/()#,@[\]+=&;{}!$*]{0,255}$/;

describe.each(variants())('the template of $name', ({ stage }) => {
  const template = synthesiseStage(stage);
  const json = template.toJSON() as Record<'Resources' | 'Outputs', Record<string, Json>>;
  const of = (type: string): [id: string, properties: Record<string, Json>][] =>
    Object.entries(resourcesOf(template, type)).map(([id, { Properties }]) => [id, Properties]);
  const lengthOf = (value: unknown): number => JSON.stringify(value).length;

  it('is not too large for CloudFormation', () => {
    expect(Object.keys(json.Resources).length).toBeLessThanOrEqual(most.resources);
    expect(lengthOf(json)).toBeLessThanOrEqual(most.templateBytes);
    expect(Object.keys(json.Outputs).length).toBeLessThanOrEqual(most.outputs);
  });

  it('gives no role more policy than it can hold, and no function more environment', () => {
    const roles = of('AWS::IAM::Role').map(([id]) => id);
    expect(roles.length).toBeGreaterThanOrEqual(8);
    for (const role of roles) {
      const policies = of('AWS::IAM::Policy').filter(([, { Roles }]) => (Roles as Json[]).some(({ Ref }) => Ref === role));
      const length = policies.reduce((sum, [, { PolicyDocument }]) => sum + lengthOf(PolicyDocument), 0);
      expect(length, role).toBeLessThanOrEqual(most.inlinePolicyLength);
    }
    for (const [id, { Environment = {} }] of of('AWS::Lambda::Function'))
      expect(lengthOf(Environment), id).toBeLessThanOrEqual(most.environmentBytes);
  });

  it('asks of each alarm what an alarm can do: ten metrics, and no search for more', () => {
    for (const [id, { Metrics = [], AlarmDescription }] of of('AWS::CloudWatch::Alarm')) {
      const metrics = (Metrics as Json[]).filter(({ MetricStat }) => MetricStat !== undefined);
      expect(metrics.length, id).toBeLessThanOrEqual(most.metricsOfAlarm);
      expect(JSON.stringify(Metrics), id).not.toContain('SEARCH(');
      expect(String(AlarmDescription).length, id).toBeLessThanOrEqual(most.descriptionLength);
    }
  });

  it('describes roles and security groups in letters that IAM and EC2 know', () => {
    for (const [id, { Description = '' }] of of('AWS::IAM::Role')) expect(Description, id).toMatch(roleLetters);
    for (const [id, { GroupDescription }] of of('AWS::EC2::SecurityGroup')) expect(GroupDescription, id).toMatch(securityGroupLetters);
    for (const type of ['AWS::EC2::SecurityGroupIngress', 'AWS::EC2::SecurityGroupEgress'])
      for (const [id, { Description }] of of(type)) expect(Description, id).toMatch(securityGroupLetters);
  });

  it('has logs that services deliver in groups that they may always deliver to, of a name that no earlier stack has left behind', () => {
    const destinations = [
      ...of('AWS::ApiGatewayV2::Stage').map(([, { AccessLogSettings }]) => readable(AccessLogSettings.DestinationArn)),
      ...of('AWS::MSK::Cluster').map(([, { LoggingInfo }]) => readable(LoggingInfo.BrokerLogs.CloudWatchLogs.LogGroup)),
    ];
    const named = of('AWS::Logs::LogGroup').filter(([, { LogGroupName }]) => LogGroupName !== undefined);
    expect(named.map(([id]) => readable({ Ref: id })).sort()).toEqual(destinations.sort());
    const names = named.map(([, { LogGroupName }]) => readable(LogGroupName));
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name).toMatch(/^\/aws\/vendedlogs\/relay\/(hooks|admin|brokers)-part4\(part2\(AWS::StackId\)\)$/);
  });
});
