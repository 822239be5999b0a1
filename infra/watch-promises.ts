import { Duration } from 'aws-cdk-lib';
import { MathExpression, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import { Alarms, relayMetric, sumOf } from './constructs/alarms.ts';
import type { FailedInvocations } from './constructs/failed-invocations.ts';
import type { HookDoorMetrics } from './constructs/hook-door-metrics.ts';
import type { RelayFunction } from './constructs/relay-function.ts';
import type { Places } from './settings.ts';
import type { Stage } from './stages.ts';

const minute = Duration.minutes(1);
const fiveMinutes = Duration.minutes(5);

export interface Watched {
  readonly places: Places;
  readonly stage: Stage;
  readonly hookDoor: HookDoorMetrics;
  readonly receiveHook: RelayFunction;
  readonly fanOut: RelayFunction;
  readonly sweep: RelayFunction;
  readonly functions: readonly RelayFunction[];
  readonly failed: FailedInvocations;
}

/** Every promise of infra/promises.ts with the metric that shows that it does not hold. */
export function watchPromises(scope: Construct, watched: Watched): Alarms {
  const alarms = new Alarms(scope, 'Alarms', { keys: watched.places.keys, email: watched.stage.alarms.email });
  watchIntake(alarms, watched);
  watchFanOut(alarms, watched);
  watchDeliveries(alarms, watched);
  watchSubscribers(alarms);
  watchMachinery(alarms, watched);
  return alarms;
}

function watchIntake(alarms: Alarms, { hookDoor, receiveHook, places }: Watched): void {
  alarms.watch('HookRefused', { metric: hookDoor.refused, atLeast: 1 });
  alarms.watch('HookFailing', { metric: hookDoor.failing, atLeast: 1 });
  // Okta hangs up at three seconds, and the function's own budget ends at 2.4.
  alarms.watch('HookSlow', {
    metric: receiveHook.function.metricDuration({ statistic: 'p99', period: fiveMinutes }),
    atLeast: 2_000,
    of: [2, 3],
  });
  // Whoever signs may send once more what he has no answer for, so single repeats happen by themselves.
  alarms.watch('HookRepeated', { metric: relayMetric(alarms, 'Repeated'), atLeast: 10 });
  alarms.watch('HookUnconfirmed', { metric: relayMetric(alarms, 'UnconfirmedHook'), atLeast: 1 });
  alarms.watch('Quarantined', { metric: relayMetric(alarms, 'Quarantined'), atLeast: 1 });
  // How long is too long, each org says for itself (`silentAfterHours`); sweep counts those for whom it is.
  alarms.watch('OrgSilent', { metric: relayMetric(alarms, 'SilentOrgs', { statistic: 'Maximum' }), atLeast: 1, of: [2, 3] });
  const age = places.changeSpool.queue.metricApproximateAgeOfOldestMessage({ period: minute });
  alarms.watch('ChangesSpooled', { metric: age, atLeast: 300, of: [3, 5] });
}

function watchFanOut(alarms: Alarms, { fanOut }: Watched): void {
  const lag = new Metric({
    namespace: 'AWS/Lambda',
    metricName: 'OffsetLag',
    dimensionsMap: { FunctionName: fanOut.function.functionName },
    statistic: 'Maximum',
    period: minute,
  });
  alarms.watch('FanOutLag', { metric: lag, atLeast: 1_000, of: [5, 5] });
  // A mapping that is disabled or cannot reach the brokers reports no lag at all. What was spooled has not reached the log.
  const silent = new MathExpression({
    // In a sum a metric without any data counts as nothing: more than was spooled was accepted, and runs add nothing to it.
    expression: 'IF(2 * accepted - SUM([accepted, spooled]) > 0 AND SUM([accepted, runs]) == accepted, 1, 0)',
    usingMetrics: {
      accepted: relayMetric(alarms, 'Accepted'),
      spooled: relayMetric(alarms, 'Spooled'),
      runs: fanOut.function.metricInvocations({ period: fiveMinutes }),
    },
    period: fiveMinutes,
    label: 'changes in the log and no fan-out',
  });
  alarms.watch('FanOutSilent', { metric: silent, atLeast: 1, of: [3, 3] });
  // A little traffic that is stuck makes a short lag: whether a partition comes again is seen by itself.
  alarms.watch('FanOutStuck', { metric: relayMetric(alarms, 'StuckPartitions', { period: minute }), atLeast: 1, of: [5, 5] });
}

function watchDeliveries(alarms: Alarms, { places: { deliveries, replayDeliveries } }: Watched): void {
  for (const [about, { queue }] of Object.entries({ live: deliveries, replay: replayDeliveries })) {
    const messages = [
      queue.metricApproximateNumberOfMessagesVisible({ period: fiveMinutes }),
      queue.metricApproximateNumberOfMessagesNotVisible({ period: fiveMinutes }),
    ];
    // SQS looks for free groups among the first 120,000 messages.
    alarms.watch('QueueNearLimit', { metric: sumOf('messages', messages), atLeast: 50_000, about });
  }
  // Every wait longer than five minutes is outside the queue.
  const age = deliveries.queue.metricApproximateAgeOfOldestMessage({ period: fiveMinutes });
  alarms.watch('DeliveriesWaiting', { metric: age, atLeast: 1_800, of: [2, 3] });
  alarms.watch('DeliveriesDead', { metric: relayMetric(alarms, 'Dead'), atLeast: 1 });
  const dead = [deliveries, replayDeliveries].flatMap(({ deadLetters }) =>
    deadLetters === undefined ? [] : [deadLetters.metricApproximateNumberOfMessagesVisible({ period: fiveMinutes })],
  );
  alarms.watch('DeadLetters', { metric: sumOf('dead letters', dead), atLeast: 1 });
  const parked = relayMetric(alarms, 'OldestParkedAgeSeconds', { statistic: 'Maximum' });
  // A sweep that could not look everywhere writes nothing that would put it out. That sweep does not run is SweepSilent.
  alarms.watch('ParkedTooLong', { metric: parked, atLeast: 86_400, silence: 'keeps' });
}

function watchSubscribers(alarms: Alarms): void {
  alarms.watch('CircuitOpen', { metric: relayMetric(alarms, 'OpenCircuits', { statistic: 'Maximum' }), atLeast: 1, of: [3, 3] });
  alarms.watch('SubscriptionDisabled', { metric: relayMetric(alarms, 'SubscriptionDisabled'), atLeast: 1 });
  alarms.watch('RemovalsSlow', { metric: relayMetric(alarms, 'RemovalLatencyMs', { statistic: 'p99' }), atLeast: 60_000, of: [2, 3] });
  // By then a new removal has had its third attempt, or it waits behind a circuit; the next attempt is half an hour away.
  const owed = relayMetric(alarms, 'OldestRemovalAgeSeconds', { statistic: 'Maximum' });
  alarms.watch('RemovalsWaiting', { metric: owed, atLeast: 900, silence: 'keeps' });
}

function watchMachinery(alarms: Alarms, { functions, failed, sweep, places: { stores, quarantine } }: Watched): void {
  const errors = functions.map(({ function: target }) => target.metricErrors({ period: fiveMinutes }));
  alarms.watch('FunctionErrors', { metric: sumOf('errors', errors), atLeast: 1, of: [2, 3] });
  const throttles = functions.map(({ function: target }) => target.metricThrottles({ period: fiveMinutes }));
  alarms.watch('FunctionThrottles', { metric: sumOf('throttles', throttles), atLeast: 1, of: [2, 3] });
  const runs = sweep.function.metricInvocations({ period: minute });
  alarms.watch('SweepSilent', { metric: runs, atLeast: 1, of: [5, 5], silence: 'breaks' });
  const lost = failed.queue.metricApproximateNumberOfMessagesVisible({ period: fiveMinutes });
  alarms.watch('InvocationsLost', { metric: lost, atLeast: 1 });
  for (const [about, metricName] of Object.entries({ reads: 'ReadThrottleEvents', writes: 'WriteThrottleEvents' })) {
    const metrics = [...stores.tables, quarantine.index].map(
      ({ table: { tableName } }) =>
        new Metric({
          namespace: 'AWS/DynamoDB',
          metricName,
          dimensionsMap: { TableName: tableName },
          statistic: 'Sum',
          period: fiveMinutes,
        }),
    );
    alarms.watch('TableThrottles', { metric: sumOf(`throttled ${about}`, metrics), atLeast: 1, about });
  }
  const keys = relayMetric(alarms, 'RelayErrors', { dimensions: { Code: 'KEY_UNAVAILABLE' } });
  alarms.watch('KeyUnavailable', { metric: keys, atLeast: 1 });
  alarms.watch('DependenciesFailing', { metric: relayMetric(alarms, 'RelayErrors'), atLeast: 1, of: [3, 3] });
}
