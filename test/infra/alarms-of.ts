import type { Template } from 'aws-cdk-lib/assertions';
import { type Json, readable, resourcesOf } from './synthesise.ts';

export type AlarmProperties = Record<string, Json>;

/** Every alarm of a template, as CloudFormation gets it. */
export function alarmsOf(template: Template): AlarmProperties[] {
  return Object.values(resourcesOf(template, 'AWS::CloudWatch::Alarm')).map(({ Properties }) => Properties);
}

/** One metric, or those of an expression, as CloudFormation has them. */
export function metricsOf(alarm: AlarmProperties): Record<string, Json>[] {
  if (alarm['MetricName'] !== undefined) return [alarm];
  return (alarm['Metrics'] as Json[]).flatMap(({ MetricStat }) => (MetricStat === undefined ? [] : [MetricStat.Metric]));
}

/** When an alarm goes on, as a table of promises would say it. */
export interface Condition {
  /** Of each metric that it reads: "namespace name statistic dimension=value", after its own name in the expression where it has one. */
  readonly reads: readonly string[];
  /** How they become one number, where there are several. */
  readonly from?: string;
  /** "at least 5" or "below 1". */
  readonly on: string;
  /** "2 of 3 × 300 s": so many of the last periods. */
  readonly over: string;
  readonly missing: string;
}

export function conditionOf(alarm: AlarmProperties): Condition {
  const parts = (alarm['Metrics'] ?? []) as Json[];
  const stats =
    alarm['MetricName'] === undefined
      ? parts.flatMap(({ Id, MetricStat }) => (MetricStat === undefined ? [] : [{ Id, ...MetricStat }]))
      : [statOf(alarm)];
  const periods = [...new Set(stats.map(({ Period }: Json) => Period as number))];
  const { DatapointsToAlarm: over, EvaluationPeriods: of, ComparisonOperator: operator, Threshold: threshold } = alarm;
  const words: Record<string, string> = { GreaterThanOrEqualToThreshold: 'at least', LessThanThreshold: 'below' };
  const from = parts.find(({ Expression }) => Expression !== undefined)?.Expression as string | undefined;
  return {
    reads: stats.map(readOf).sort(),
    ...(from === undefined ? {} : { from }),
    on: `${words[operator] ?? operator} ${threshold}`,
    over: `${over} of ${of} × ${periods.join('/')} s`,
    missing: alarm['TreatMissingData'],
  };
}

function statOf({ Namespace, MetricName, Dimensions, Statistic, ExtendedStatistic, Period }: AlarmProperties): Json {
  return { Metric: { Namespace, MetricName, Dimensions }, Stat: Statistic ?? ExtendedStatistic, Period };
}

function readOf({ Id: id = 'm0', Metric: { Namespace, MetricName, Dimensions = [] }, Stat }: Json): string {
  // Those of a plain sum are numbered; which is which says nothing.
  const named = /^m\d$/.test(id as string) ? '' : `${id}: `;
  const dimensions = (Dimensions as Json[]).map(({ Name, Value }) => ` ${Name}=${readable(Value)}`);
  return `${named}${Namespace} ${MetricName} ${Stat}${dimensions.join('')}`;
}
