import { Duration, Stack } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, type IMetric, MathExpression, Metric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';
import type { MetricDimension, MetricName } from '#lib/telemetry/metric-names.ts';
import { accept } from '../accept.ts';
import { type PromiseName, promises } from '../promises.ts';
import type { RelayKeys } from './keys.ts';

const missingData = {
  breaks: TreatMissingData.BREACHING,
  keeps: TreatMissingData.IGNORE,
  holds: TreatMissingData.NOT_BREACHING,
} as const;

export interface Watch {
  readonly metric: IMetric;
  readonly atLeast: number;
  /** How many of the last periods of the metric must be over it; one of one by default. */
  readonly of?: readonly [over: number, periods: number];
  /** Silence is bad news, or no news, and the alarm stays as it was. By default it is good news. */
  readonly silence?: keyof typeof missingData;
  /** Where there are several alarms for one promise. */
  readonly about?: string;
}

export interface MetricChoice {
  readonly statistic?: string;
  readonly period?: Duration;
  readonly dimensions?: Readonly<Partial<Record<MetricDimension, string>>>;
}

/** The alarms of a stack, one for each promise of infra/promises.ts, and the topic that they tell. */
export class Alarms extends Construct {
  readonly topic: Topic;
  readonly alarms: Alarm[] = [];

  constructor(scope: Construct, id: string, props: { readonly keys: RelayKeys; readonly email?: string | undefined }) {
    super(scope, id);
    this.topic = new Topic(this, 'Topic', { masterKey: props.keys.data, enforceSSL: true });
    props.keys.grantService('cloudwatch');
    this.#letAlarmsIn();
    if (props.email === undefined) return;
    const subscription = this.topic.addSubscription(new EmailSubscription(props.email));
    accept(
      subscription,
      'Serverless-SNSRedrivePolicy',
      'A mail that is refused is no lost alarm: the alarm stays on, and the dashboard shows it.',
    );
  }

  /** A topic that has a policy of its own (enforceSSL makes one) takes nothing but what that policy allows, our own alarms neither. */
  #letAlarmsIn(): void {
    const { partition, region, account } = Stack.of(this);
    this.topic.addToResourcePolicy(
      new PolicyStatement({
        sid: 'Alarms',
        principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['sns:Publish'],
        resources: [this.topic.topicArn],
        conditions: { ArnLike: { 'aws:SourceArn': `arn:${partition}:cloudwatch:${region}:${account}:alarm:*` } },
      }),
    );
  }

  /** Alarms when a promise does not hold, and tells when it holds again. */
  watch(name: PromiseName, { metric, atLeast, of = [1, 1], silence = 'holds', about }: Watch): void {
    const alarm = new Alarm(this, about === undefined ? name : `${name}-${about}`, {
      alarmName: `${Stack.of(this).stackName}-${name}${about === undefined ? '' : `-${about}`}`,
      alarmDescription: `${promises[name]}. What to do: docs/runbook.md#${name.toLowerCase()}`,
      metric,
      threshold: atLeast,
      comparisonOperator:
        silence === 'breaks' ? ComparisonOperator.LESS_THAN_THRESHOLD : ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      datapointsToAlarm: of[0],
      evaluationPeriods: of[1],
      treatMissingData: missingData[silence],
    });
    const tell = new SnsAction(this.topic);
    alarm.addAlarmAction(tell);
    alarm.addOkAction(tell);
    this.alarms.push(alarm);
  }
}

/** A metric that the functions write (lib/telemetry), in the stack's namespace. */
export function relayMetric(scope: Construct, metricName: MetricName, choice: MetricChoice = {}): Metric {
  const { statistic = 'Sum', period = Duration.minutes(5), dimensions: dimensionsMap = {} } = choice;
  return new Metric({ namespace: Stack.of(scope).stackName, metricName, statistic, period, dimensionsMap });
}

/** The sum of up to ten metrics, which is as many as an alarm reads; one that has no data counts as nothing. */
export function sumOf(label: string, metrics: readonly IMetric[], period = Duration.minutes(5)): MathExpression {
  if (metrics.length > 10) throw new Error(`${label}: an alarm reads ten metrics at most`);
  const usingMetrics = Object.fromEntries(metrics.map((metric, index) => [`m${index}`, metric]));
  return new MathExpression({ expression: `SUM([${Object.keys(usingMetrics).join(', ')}])`, usingMetrics, period, label });
}
