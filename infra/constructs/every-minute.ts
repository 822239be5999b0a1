import { Duration } from 'aws-cdk-lib';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { Construct } from 'constructs';
import type { FailedInvocations } from './failed-invocations.ts';
import type { RelayKeys } from './keys.ts';
import type { RelayFunction } from './relay-function.ts';

/** The interval of the schedule. */
export const sweepIntervalMs = 60_000;

/**
 * Calls a function every minute; what Lambda has not taken within the minute is left to the next call. Lambda repeats a call that failed twice, after one
 * and two minutes, beside the calls of those minutes: two at once do no harm, and one that failed once tells nobody in the night.
 */
export class EveryMinute extends Construct {
  constructor(
    scope: Construct,
    id: string,
    props: { readonly target: RelayFunction; readonly failed: FailedInvocations; readonly keys: RelayKeys },
  ) {
    super(scope, id);
    props.keys.grantService('events');
    const target = new LambdaFunction(props.target.function, {
      deadLetterQueue: props.failed.queue,
      retryAttempts: 0,
      maxEventAge: Duration.millis(sweepIntervalMs),
    });
    new Rule(this, 'Rule', { schedule: Schedule.rate(Duration.millis(sweepIntervalMs)), targets: [target] });
  }
}
