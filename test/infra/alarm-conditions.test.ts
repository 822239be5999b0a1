import { describe, expect, it } from 'vitest';
import { functionSettings } from '#lib/config/function-settings.ts';
import { tables } from '#lib/dynamodb/tables.ts';
import { alarmedAt } from '#lib/sweep/tell-parked.ts';
import { type MetricDefinition, metricDefinitions } from '#lib/telemetry/metric-names.ts';
import { stageNames } from '../../infra/stages.ts';
import { variants } from '../../infra/variants.ts';
import { alarmsOf, type Condition, conditionOf, metricsOf } from './alarms-of.ts';
import { type Json, resourcesOf, synthesise, synthesiseStage } from './synthesise.ts';

const everything = synthesiseStage(variants().find(({ name }) => name === 'prod-everything')!.stage);
const alarms = new Map(alarmsOf(everything).map((alarm) => [(alarm['AlarmName'] as string).replace('relay-', ''), alarm]));

const pascal = (name: string): string => name.replaceAll(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase());
const ofEachFunction = (metric: string): string[] =>
  Object.keys(functionSettings)
    .map((name) => `AWS/Lambda ${metric} Sum FunctionName=${pascal(name)}Function`)
    .sort();
const tableNames = Object.keys(tables).map((name) => (name === 'quarantine' ? 'QuarantineIndexTable' : `Stores${pascal(name)}Table`));
const ofEachTable = (metric: string): string[] => tableNames.map((name) => `AWS/DynamoDB ${metric} Sum TableName=${name}`).sort();
const ofQueue = (metric: string, queue: string): string => `AWS/SQS ${metric} Maximum QueueName=${queue}`;
const messagesOf = (queue: string): string[] =>
  ['ApproximateNumberOfMessagesNotVisible', 'ApproximateNumberOfMessagesVisible'].map((metric) => ofQueue(metric, queue));

const quiet = 'notBreaching';
const fiveMinutes = '1 of 1 × 300 s';
/** Anything at all within five minutes. */
const any = (...reads: string[]): Condition => ({ reads, on: 'at least 1', over: fiveMinutes, missing: quiet });

/** From what the runbook and infra/promises.ts say of each: how much, for how long, and what silence means. */
const documented: Readonly<Record<string, Condition>> = {
  // Any 4xx: Okta never sends those again. A 5xx it sends once more.
  HookRefused: any('relay HookAnswers4xx Sum'),
  HookFailing: any('relay HookAnswers5xx Sum'),
  // The slowest hundredth takes two seconds or more; Okta hangs up at three.
  HookSlow: {
    reads: ['AWS/Lambda Duration p99 FunctionName=ReceiveHookFunction'],
    on: 'at least 2000',
    over: '2 of 3 × 300 s',
    missing: quiet,
  },
  HookRepeated: { ...any('relay Repeated Sum'), on: 'at least 10' },
  HookUnconfirmed: any('relay UnconfirmedHook Sum'),
  Quarantined: any('relay Quarantined Sum'),
  // A gauge: how many there are, not how often that was said. That sweep itself says nothing is SweepSilent.
  OrgSilent: { ...any('relay SilentOrgs Maximum'), over: '2 of 3 × 300 s' },
  // Waiting for five minutes.
  ChangesSpooled: {
    reads: [ofQueue('ApproximateAgeOfOldestMessage', 'ChangeSpoolQueue')],
    on: 'at least 300',
    over: '3 of 5 × 60 s',
    missing: quiet,
  },
  // A thousand changes or more, for five minutes.
  FanOutLag: {
    reads: ['AWS/Lambda OffsetLag Maximum FunctionName=FanOutFunction'],
    on: 'at least 1000',
    over: '5 of 5 × 60 s',
    missing: quiet,
  },
  // A quarter of an hour in which changes went into Kafka and nobody took any out.
  FanOutSilent: {
    reads: ['accepted: relay Accepted Sum', 'runs: AWS/Lambda Invocations Sum FunctionName=FanOutFunction', 'spooled: relay Spooled Sum'],
    from: 'IF(2 * accepted - SUM([accepted, spooled]) > 0 AND SUM([accepted, runs]) == accepted, 1, 0)',
    on: 'at least 1',
    over: '3 of 3 × 300 s',
    missing: quiet,
  },
  // For five minutes a partition has come again.
  FanOutStuck: { ...any('relay StuckPartitions Sum'), over: '5 of 5 × 60 s' },
  // Half an hour old, although what waits longer than five minutes is outside the queue. Of live deliveries: replays may take their time.
  DeliveriesWaiting: {
    reads: [ofQueue('ApproximateAgeOfOldestMessage', 'DeliveriesQueue')],
    on: 'at least 1800',
    over: '2 of 3 × 300 s',
    missing: quiet,
  },
  'QueueNearLimit-live': { ...any(...messagesOf('DeliveriesQueue')), from: 'SUM([m0, m1])', on: 'at least 50000' },
  'QueueNearLimit-replay': { ...any(...messagesOf('ReplayDeliveriesQueue')), from: 'SUM([m0, m1])', on: 'at least 50000' },
  DeliveriesDead: any('relay Dead Sum'),
  DeadLetters: {
    ...any(
      ...['DeliveriesDeadLetters', 'ReplayDeliveriesDeadLetters'].map((queue) => ofQueue('ApproximateNumberOfMessagesVisible', queue)),
    ),
    from: 'SUM([m0, m1])',
  },
  // A day.
  ParkedTooLong: { ...any('relay OldestParkedAgeSeconds Maximum'), on: 'at least 86400', missing: 'ignore' },
  // A quarter of an hour.
  CircuitOpen: { ...any('relay OpenCircuits Maximum'), over: '3 of 3 × 300 s' },
  SubscriptionDisabled: any('relay SubscriptionDisabled Sum'),
  // The slowest hundredth takes a minute or more.
  RemovalsSlow: { reads: ['relay RemovalLatencyMs p99'], on: 'at least 60000', over: '2 of 3 × 300 s', missing: quiet },
  // A quarter of an hour since Okta published it. A gauge that holds the time itself: nothing is gained by waiting for a second one.
  // A sweep that has not seen everything leaves a gap, and the alarm as it was.
  RemovalsWaiting: {
    ...any('relay OldestRemovalAgeSeconds Maximum'),
    on: 'at least 900',
    missing: 'ignore',
  },
  // Lambda writes no metric where nothing ran: silence is what it is about.
  SweepSilent: {
    reads: ['AWS/Lambda Invocations Sum FunctionName=SweepFunction'],
    on: 'below 1',
    over: '5 of 5 × 60 s',
    missing: 'breaching',
  },
  FunctionErrors: { ...any(...ofEachFunction('Errors')), from: 'SUM([m0, m1, m2, m3, m4, m5, m6, m7])', over: '2 of 3 × 300 s' },
  FunctionThrottles: { ...any(...ofEachFunction('Throttles')), from: 'SUM([m0, m1, m2, m3, m4, m5, m6, m7])', over: '2 of 3 × 300 s' },
  InvocationsLost: any(ofQueue('ApproximateNumberOfMessagesVisible', 'FailedInvocationsQueue')),
  'TableThrottles-reads': { ...any(...ofEachTable('ReadThrottleEvents')), from: 'SUM([m0, m1, m2, m3, m4, m5, m6, m7, m8])' },
  'TableThrottles-writes': { ...any(...ofEachTable('WriteThrottleEvents')), from: 'SUM([m0, m1, m2, m3, m4, m5, m6, m7, m8])' },
  KeyUnavailable: any('relay RelayErrors Sum Code=KEY_UNAVAILABLE'),
  // A quarter of an hour.
  DependenciesFailing: { ...any('relay RelayErrors Sum'), over: '3 of 3 × 300 s' },
};

describe('an alarm goes on as documented', () => {
  it.each(Object.entries(documented))('%s', (name, condition) => {
    const alarm = alarms.get(name);
    expect(alarm === undefined ? 'there is no such alarm' : conditionOf(alarm)).toEqual(condition);
  });

  it('from where sweep knows of it, which writes less than that only when it has looked everywhere', () => {
    const { OldestParkedAgeSeconds: parked, OldestRemovalAgeSeconds: owed } = alarmedAt;
    expect([documented['ParkedTooLong']?.on, documented['RemovalsWaiting']?.on]).toEqual([`at least ${parked}`, `at least ${owed}`]);
  });

  it('and none without a row of this table, in any stage', () => {
    for (const template of [everything, ...stageNames.map((name) => synthesise(name))]) {
      const names = alarmsOf(template).map((alarm) => (alarm['AlarmName'] as string).replace(/^relay-/, ''));
      expect(names.sort()).toEqual(Object.keys(documented).sort());
    }
  });

  it('alike in every stage', () => {
    const said = stageNames.map((name) => alarmsOf(synthesise(name)).map((alarm) => [alarm['AlarmName'], conditionOf(alarm)]));
    expect(said).toEqual(stageNames.map(() => [...alarms.values()].map((alarm) => [alarm['AlarmName'], conditionOf(alarm)])));
  });
});

/** Metrics that AWS documents, with the dimension by which it writes them. */
const metricsOfAws: Readonly<Record<string, { readonly names: readonly string[]; readonly dimension: string }>> = {
  // https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
  'AWS/Lambda': { names: ['Invocations', 'Errors', 'Throttles', 'Duration', 'OffsetLag'], dimension: 'FunctionName' },
  // https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
  'AWS/SQS': {
    names: ['ApproximateAgeOfOldestMessage', 'ApproximateNumberOfMessagesVisible', 'ApproximateNumberOfMessagesNotVisible'],
    dimension: 'QueueName',
  },
  // https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html
  'AWS/DynamoDB': { names: ['ReadThrottleEvents', 'WriteThrottleEvents'], dimension: 'TableName' },
};

describe.each([...alarms])('the alarm %s', (_, alarm) => {
  it('watches metrics that somebody writes, by dimensions that they have', () => {
    const filters = Object.values(resourcesOf(everything, 'AWS::Logs::MetricFilter')).map(
      ({ Properties }) => Properties['MetricTransformations'][0],
    );
    for (const { Namespace: namespace, MetricName: name, Dimensions = [] } of metricsOf(alarm)) {
      const dimensions = (Dimensions as Json[]).map(({ Name }) => Name as string);
      const aws = metricsOfAws[namespace as string];
      if (aws !== undefined) {
        expect(aws.names).toContain(name);
        expect(dimensions).toEqual([aws.dimension]);
        continue;
      }
      const own = Object.entries<MetricDefinition>(metricDefinitions).find(([known]) => known === name)?.[1];
      const counted = filters.some(({ MetricNamespace, MetricName }: Json) => MetricNamespace === namespace && MetricName === name);
      expect([namespace, own !== undefined || counted]).toEqual(['relay', true]);
      expect(own?.dimensions ?? []).toEqual(expect.arrayContaining(dimensions));
    }
  });
});
