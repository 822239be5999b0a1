import { Duration } from 'aws-cdk-lib';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { Construct } from 'constructs';
import type { FailedInvocations } from './failed-invocations.ts';
import type { RelayKeys } from './keys.ts';
import type { RelayFunction } from './relay-function.ts';

/** The interval of the schedule. */
export const sweepIntervalMs = 60_000;

/** Calls a function every minute, and not again for a minute that is over: the next call does what this one did not. */
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
