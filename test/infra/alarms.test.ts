import { describe, expect, it } from 'vitest';
import { type MetricDefinition, metricDefinitions } from '#lib/telemetry/metric-names.ts';
import { promises } from '../../infra/promises.ts';
import { stageNames } from '../../infra/stages.ts';
import { variants } from '../../infra/variants.ts';
import { sectionsOf } from '../architecture/markdown.ts';
import { readText } from '../architecture/repository.ts';
import { type Json, readable, resource, resourcesOf, synthesise, synthesiseStage } from './synthesise.ts';

const everything = synthesiseStage(variants().find(({ name }) => name === 'prod-everything')!.stage);
const alarms = Object.values(resourcesOf(everything, 'AWS::CloudWatch::Alarm')).map(({ Properties }) => Properties);
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

  it('watches a metric that somebody writes', () => {
    const own = metricsOf(alarm).filter(({ Namespace }) => !(Namespace as string).startsWith('AWS/'));
    const fromAccessLog = Object.values(resourcesOf(everything, 'AWS::Logs::MetricFilter')).map(
      ({ Properties }) => Properties['MetricTransformations'][0],
    );
    const written = [
      ...Object.keys(metricDefinitions).map((name) => `relay ${name}`),
      ...fromAccessLog.map(({ MetricNamespace, MetricName }: Json) => `${MetricNamespace} ${MetricName}`),
    ];
    expect(written).toEqual(expect.arrayContaining(own.map(({ Namespace, MetricName }) => `${Namespace} ${MetricName}`)));
    for (const { MetricName, Dimensions = [] } of own) {
      const known = Object.entries<MetricDefinition>(metricDefinitions).find(([name]) => name === MetricName)?.[1].dimensions ?? [];
      expect(known).toEqual(expect.arrayContaining((Dimensions as Json[]).map(({ Name }) => Name as string)));
    }
  });
});

/** One metric, or those of an expression, as CloudFormation has them. */
function metricsOf(alarm: Record<string, Json>): Record<string, Json>[] {
  if (alarm['MetricName'] !== undefined) return [alarm];
  return (alarm['Metrics'] as Json[]).flatMap(({ MetricStat }) => (MetricStat === undefined ? [] : [MetricStat.Metric]));
}

const alarmNamed = (name: string): Record<string, Json> => alarms.find(({ AlarmName }) => AlarmName === `relay-${name}`) ?? {};

describe('an alarm goes on', () => {
  // Documented in the issue: any 4xx, any quarantine, dead letters, near 50,000.
  it.each([
    ['HookRefused', 1],
    ['HookFailing', 1],
    ['HookRepeated', 10],
    ['HookUnconfirmed', 1],
    ['Quarantined', 1],
    ['DeliveriesDead', 1],
    ['DeadLetters', 1],
    ['SubscriptionDisabled', 1],
    ['InvocationsLost', 1],
    ['QueueNearLimit-live', 50_000],
    ['QueueNearLimit-replay', 50_000],
  ])('%s: at %d', (name, threshold) => {
    expect(alarmNamed(name)).toMatchObject({
      Threshold: threshold,
      EvaluationPeriods: 1,
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      TreatMissingData: 'notBreaching',
    });
  });

  it('in every stage when sweep finds an org silent, without being told of any org', () => {
    for (const stage of stageNames) {
      const found = Object.values(resourcesOf(synthesise(stage), 'AWS::CloudWatch::Alarm')).filter(
        ({ Properties }) => promiseOf(Properties) === 'OrgSilent',
      );
      expect(found.map(({ Properties }) => Properties)).toEqual([
        expect.objectContaining({
          MetricName: 'SilentOrgs',
          Statistic: 'Maximum',
          Period: 300,
          EvaluationPeriods: 3,
          DatapointsToAlarm: 2,
          Threshold: 1,
          ComparisonOperator: 'GreaterThanOrEqualToThreshold',
          // That sweep itself says nothing is the alarm SweepSilent.
          TreatMissingData: 'notBreaching',
        }),
      ]);
      expect(found[0]?.Properties).not.toHaveProperty('Dimensions');
    }
  });

  it('when changes reach the log and fan-out does not run for three times five minutes, although there is no lag to read', () => {
    const alarm = alarmNamed('FanOutSilent');
    expect(alarm).toMatchObject({ Threshold: 1, EvaluationPeriods: 3, DatapointsToAlarm: 3, TreatMissingData: 'notBreaching' });
    expect(alarm).toMatchObject({ ComparisonOperator: 'GreaterThanOrEqualToThreshold' });
    const metrics = alarm['Metrics'] as Json[];
    expect(metrics.flatMap(({ Expression = [] }) => Expression as string | [])).toEqual([
      'IF(2 * accepted - SUM([accepted, spooled]) > 0 AND SUM([accepted, runs]) == accepted, 1, 0)',
    ]);
    const read = metrics.flatMap(({ Id, MetricStat }) =>
      MetricStat === undefined ? [] : [[Id, MetricStat.Metric.MetricName, MetricStat.Stat, MetricStat.Period]],
    );
    expect(read.sort()).toEqual([
      ['accepted', 'Accepted', 'Sum', 300],
      ['runs', 'Invocations', 'Sum', 300],
      ['spooled', 'Spooled', 'Sum', 300],
    ]);
    const runs = metricsOf(alarm).find(({ MetricName }) => MetricName === 'Invocations')!;
    expect(readable((runs['Dimensions'] as Json[])[0].Value)).toBe('FanOutFunction');
  });

  it('for both queues of dead letters and every function', () => {
    const queues = metricsOf(alarmNamed('DeadLetters')).map(({ Dimensions }) => readable((Dimensions as Json[])[0].Value));
    expect(queues.sort()).toEqual(['DeliveriesDeadLetters', 'ReplayDeliveriesDeadLetters']);
    const functions = Object.keys(resourcesOf(everything, 'AWS::Lambda::Function')).filter((id) => !/^(AWS679|Custom)/.test(id));
    expect(metricsOf(alarmNamed('FunctionErrors'))).toHaveLength(functions.length);
    expect(metricsOf(alarmNamed('FunctionThrottles'))).toHaveLength(functions.length);
    const tables = Object.keys(resourcesOf(everything, 'AWS::DynamoDB::Table'));
    expect(metricsOf(alarmNamed('TableThrottles-writes'))).toHaveLength(tables.length);
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

it('shows on the dashboard what the relay is about', () => {
  const body = JSON.stringify(resource(everything, 'AWS::CloudWatch::Dashboard').Properties['DashboardBody']);
  for (const shown of [
    'Accepted',
    'Quarantined',
    'Repeated',
    'UnconfirmedHook',
    'OffsetLag',
    'Delivered',
    'Failed',
    'Parked',
    'OpenCircuits',
    'DeliveryLatencyMs p50',
    'RemovalLatencyMs p99',
    'in the spool',
  ])
    expect(body, shown).toContain(shown);
});
