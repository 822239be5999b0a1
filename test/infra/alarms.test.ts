import { describe, expect, it } from 'vitest';
import { promises } from '../../infra/promises.ts';
import { variants } from '../../infra/variants.ts';
import { sectionsOf } from '../architecture/markdown.ts';
import { readText } from '../architecture/repository.ts';
import { alarmsOf } from './alarms-of.ts';
import { type Json, readable, resource, synthesiseStage } from './synthesise.ts';

const everything = synthesiseStage(variants().find(({ name }) => name === 'prod-everything')!.stage);
const alarms = alarmsOf(everything);
const entries = sectionsOf(readText('docs/runbook.md')).filter(({ level }) => level === 3);

/** relay-HookRefused, relay-TableThrottles-reads: the promise is the second word. */
const promiseOf = (alarm: Record<string, Json>): string => (alarm['AlarmName'] as string).split('-')[1] ?? '';

describe('each promise', () => {
  it('has an alarm, and each alarm a promise', () => {
    expect([...new Set(alarms.map(promiseOf))].sort()).toEqual(Object.keys(promises).sort());
  });

  it('has an entry in the runbook, and each entry a promise', () => {
    expect(entries.map(({ heading }) => heading).sort()).toEqual(Object.keys(promises).sort());
  });
});

describe.each(entries.map(({ heading, text }) => ({ heading, text })))('the entry of $heading', ({ text }) => {
  it('describes, says where to look and what to do', () => {
    const parts = ['Description', 'Investigation', 'Resolution'].map((part) =>
      new RegExp(`\\*\\*${part}\\.\\*\\*\\s+\\S{1}[^]{30,}`).test(text),
    );
    expect(parts).toEqual([true, true, true]);
  });
});

describe.each(alarms.map((alarm) => ({ name: alarm['AlarmName'] as string, alarm })))('the alarm $name', ({ alarm }) => {
  it('tells the topic when it goes on and off, and leads to the runbook', () => {
    const topic = [expect.objectContaining({ Ref: expect.stringMatching(/^AlarmsTopic/) })];
    expect(alarm).toMatchObject({ AlarmActions: topic, OKActions: topic });
    expect(alarm['AlarmDescription']).toContain(`docs/runbook.md#${promiseOf(alarm).toLowerCase()}`);
  });
});

describe('the topic of alarms', () => {
  it('is encrypted with our key, which CloudWatch may use, and refuses plain HTTP', () => {
    expect(readable(resource(everything, 'AWS::SNS::Topic').Properties['KmsMasterKeyId'])).toBe('KeysData');
    const key = resource(everything, 'AWS::KMS::Key', 'KeysData').Properties['KeyPolicy'].Statement as Json[];
    expect(key.find(({ Sid }) => Sid === 'Servicecloudwatch')).toMatchObject({
      Effect: 'Allow',
      Principal: { Service: 'cloudwatch.amazonaws.com' },
      Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
    });
    const policy = resource(everything, 'AWS::SNS::TopicPolicy').Properties['PolicyDocument'].Statement as Json[];
    expect(policy.map(({ Effect, Condition }) => [Effect, Object.keys(Object.values(Condition as object)[0] as object)])).toEqual([
      ['Deny', ['aws:SecureTransport']],
      ['Allow', ['aws:SourceArn']],
    ]);
  });

  it('takes the alarms of this account, which its own policy would keep out otherwise', () => {
    const policy = resource(everything, 'AWS::SNS::TopicPolicy').Properties['PolicyDocument'].Statement as Json[];
    expect(policy.find(({ Effect }) => Effect === 'Allow')).toMatchObject({
      Principal: { Service: 'cloudwatch.amazonaws.com' },
      Action: 'sns:Publish',
      Condition: { ArnLike: { 'aws:SourceArn': expect.objectContaining({}) } },
    });
  });

  it('tells by mail whom the stage names, and nobody else', () => {
    expect(resource(everything, 'AWS::SNS::Subscription').Properties).toMatchObject({
      Protocol: 'email',
      Endpoint: 'operators@example.com',
    });
  });
});
