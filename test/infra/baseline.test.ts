import { describe, expect, it } from 'vitest';
import { variants } from '../../infra/variants.ts';
import { type Json, readable, resourcesOf, synthesiseStage } from './synthesise.ts';

interface Statement {
  readonly Effect: string;
  readonly Action: Json;
  readonly Resource: Json;
  readonly Condition?: Record<string, Record<string, Json>>;
}

/** Every wildcard that a role is allowed, and why there is none narrower. What is not here is not allowed to be there. */
const wildcards: Readonly<Record<string, string>> = {
  'ec2:AssignPrivateIpAddresses on *': 'network interfaces of functions in a VPC: EC2 knows no resource; denied to the code',
  'ec2:CreateNetworkInterface on *': 'the same, and the poller of the change log',
  'ec2:DeleteNetworkInterface on *': 'the same',
  'ec2:DescribeNetworkInterfaces on *': 'the same',
  'ec2:DescribeSecurityGroups on *': 'the poller of the change log; denied to the code',
  'ec2:DescribeSubnets on *': 'network interfaces and the poller',
  'ec2:DescribeVpcs on *': 'the poller',
  'ec2:UnassignPrivateIpAddresses on *': 'network interfaces',
  'ec2:DescribeManagedPrefixLists on *': 'asked while the stack is deployed, by a function that does nothing else',
  's3:PutObject on QuarantineBodies/bodies/*': 'a body has a new name each',
  'kafka-cluster:AlterGroup on GROUP/okta-event-relay-replay-*': 'a replay reads in a group of a new name',
  'kafka-cluster:DescribeGroup on GROUP/okta-event-relay-replay-*': 'the same',
};

describe.each(variants())('in the template of $name', ({ stage }) => {
  const template = synthesiseStage(stage);
  const of = (type: string): [id: string, properties: Record<string, Json>][] =>
    Object.entries(resourcesOf(template, type)).map(([id, { Properties }]) => [id, Properties]);
  const statementsOf = ({ PolicyDocument }: Record<string, Json>): Statement[] => PolicyDocument.Statement as Statement[];

  it('every function, of ours or of CDK, logs to a group of ours, which has an end and a key', () => {
    const groups = of('AWS::Logs::LogGroup');
    for (const [id, { LoggingConfig }] of of('AWS::Lambda::Function'))
      expect(
        groups.map(([group]) => group),
        id,
      ).toContain(LoggingConfig?.LogGroup?.Ref);
    for (const [id, { RetentionInDays, KmsKeyId }] of groups) {
      expect(RetentionInDays, id).toBe(stage.logRetentionDays);
      expect(readable(KmsKeyId), id).toBe('KeysData');
    }
  });

  it.each([
    ['AWS::SQS::Queue', 'AWS::SQS::QueuePolicy', 'Queues'],
    ['AWS::SNS::Topic', 'AWS::SNS::TopicPolicy', 'Topics'],
    ['AWS::S3::Bucket', 'AWS::S3::BucketPolicy', 'Bucket'],
  ])('every %s refuses plain HTTP', (type, policyType, member) => {
    const refusing = of(policyType).filter(([, policy]) =>
      statementsOf(policy).some(
        ({ Effect, Condition }) => Effect === 'Deny' && readable(Condition?.['Bool']?.['aws:SecureTransport']) === 'false',
      ),
    );
    const covered = refusing.flatMap(([, policy]) => [policy[member]].flat().map(readable));
    const all = of(type).map(([id]) => readable({ Ref: id }));
    expect(covered.sort()).toEqual(all.sort());
  });

  it('no role may do more than is named, but for wildcards that are argued for', () => {
    const found = of('AWS::IAM::Policy').flatMap(([, policy]) =>
      statementsOf(policy)
        .filter(({ Effect }) => Effect === 'Allow')
        .flatMap(({ Action, Resource }) =>
          [Action].flat().flatMap((action) => [Resource].flat().map((on) => `${String(action)} on ${readable(on)}`)),
        ),
    );
    const wide = found
      .filter((grant) => grant.includes('*'))
      .map((grant) => grant.replace(/arn:[^ ]*:group\/[^*]*(?=\/okta-event)/, 'GROUP'));
    expect(wide.filter((grant) => !(grant in wildcards))).toEqual([]);
    for (const [, { Policies }] of of('AWS::IAM::Role')) expect(Policies).toBeUndefined();
  });

  it('a function is invoked by a service for one source of ours alone, and has no address of its own', () => {
    for (const [id, { Principal, SourceArn }] of of('AWS::Lambda::Permission')) {
      expect(Principal, id).toMatch(/^(apigateway|events)\.amazonaws\.com$/);
      expect(readable(SourceArn), id).toMatch(/FrontDoor(Hooks|Admin)Api|^SweepTickRule$/);
    }
    expect(of('AWS::Lambda::Url')).toEqual([]);
  });

  it('no setting of a function is a secret, nor made of one', () => {
    for (const [id, { Environment }] of of('AWS::Lambda::Function')) {
      const variables = Object.entries((Environment?.Variables ?? {}) as Record<string, Json>);
      const suspicious = variables.filter(
        ([name, value]) =>
          (/SECRET|TOKEN|PASSWORD|CREDENTIAL|PRIVATE/.test(name) && name !== 'SECRETS_KEY_ID') ||
          /whsec_|ohs_|BEGIN|resolve:(secretsmanager|ssm)/.test(JSON.stringify(value)),
      );
      expect(suspicious, id).toEqual([]);
    }
    expect(of('AWS::SecretsManager::Secret')).toEqual([]);
    // CDK's own, which asks whether the account is bootstrapped.
    expect(Object.keys((template.toJSON()['Parameters'] ?? {}) as object)).toEqual(['BootstrapVersion']);
  });

  it('every alarm tells the topic', () => {
    for (const [id, { AlarmActions, OKActions }] of of('AWS::CloudWatch::Alarm')) {
      expect(
        [AlarmActions, OKActions].map((actions) => readable(actions?.[0])),
        id,
      ).toEqual(['AlarmsTopic', 'AlarmsTopic']);
    }
  });

  it('keys are for this account and for services that name whom they act for, but CloudWatch, for which AWS documents no condition', () => {
    const open = of('AWS::KMS::Key').flatMap(([id, { KeyPolicy }]) =>
      (KeyPolicy.Statement as Json[])
        .filter(({ Principal, Condition }) => Principal.AWS === undefined && Condition === undefined)
        .map(({ Principal }) => `${readable({ Ref: id })} ${Principal.Service as string}`),
    );
    expect(open).toEqual(['KeysData cloudwatch.amazonaws.com']);
    for (const [, { EnableKeyRotation }] of of('AWS::KMS::Key')) expect(EnableKeyRotation).toBe(true);
  });
});
