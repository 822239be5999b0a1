import { Duration, Stack } from 'aws-cdk-lib';
import type { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { FilterPattern, MetricFilter } from 'aws-cdk-lib/aws-logs';

import { Construct } from 'constructs';
import type { HttpDoor } from './http-door.ts';

/**
 * Answers at Okta's door, counted from its access log: what the gateway answers by itself (413, 429, 503 without a function) is among
 * them, and the function knows nothing of that.
 */
export class HookDoorMetrics extends Construct {
  readonly refused: Metric;
  readonly failing: Metric;

  constructor(scope: Construct, id: string, { door }: { readonly door: HttpDoor }) {
    super(scope, id);
    const count = (metricName: string, statuses: string): Metric =>
      new MetricFilter(this, metricName, {
        logGroup: door.accessLogs,
        metricNamespace: Stack.of(this).stackName,
        metricName,
        metricValue: '1',
        filterPattern: FilterPattern.stringValue('$.status', '=', statuses),
      }).metric({ statistic: 'Sum', period: Duration.minutes(5) });
    this.refused = count('HookAnswers4xx', '4*');
    this.failing = count('HookAnswers5xx', '5*');
  }
}
