import { assumptions, logKbOf, readsOfNone } from './assumptions.ts';
import { type Often, unitsOf, type Units } from './calls.ts';
import { gbSeconds } from './gb-seconds.ts';
import { metricsOfTraffic } from './metrics.ts';
import { daysAMonth, minutesAMonth } from './month.ts';
import type { Usage } from './prices.ts';

const kbInGb = 1_000_000;
const million = 1_000_000;

/** How often things happen in a month with a million changes. */
function traffic(subscribers: number) {
  const a = assumptions;
  const hooks = million / a.changesPerHookRequest.value;
  const batches = million / a.changesPerFanOut.value;
  const deliveries = million * subscribers;
  const failed = deliveries * a.failedShare.value;
  const attempts = deliveries + failed;
  return { hooks, batches, deliveries, failed, attempts, deliverBatches: attempts / a.deliveriesPerInvocation.value };
}

/** Requests to DynamoDB and SQS: what the functions call, by scripts/cost/calls.ts, and for each queue what Lambda calls to feed them. */
function requests(subscribers: number): Units {
  const a = assumptions;
  const { hooks, batches, deliveries, failed, attempts, deliverBatches } = traffic(subscribers);
  const allReads = Math.ceil((subscribers * a.subscriptionKb.value) / 4);
  const remembered = (minutes: number): number => Math.min(hooks, (a.hookEnvironments.value * minutesAMonth) / minutes);
  const ofFunctions = [
    unitsOf('receive-hook', { 'minute and environment': remembered(1), 'ten minutes and environment': remembered(10) }, allReads),
    unitsOf('fan-out', { batch: batches, 'ten deliveries of a partition': batches * sendsOfBatch(subscribers) }, allReads),
    unitsOf('deliver', deliverOften(attempts, failed), allReads),
    unitsOf('sweep', { minute: minutesAMonth, 'subscription and minute': subscribers * minutesAMonth }, allReads),
  ];
  const idle = unitsOf('sweep', { minute: minutesAMonth }, readsOfNone).reads;
  // A repeat finds its record made, and writes to no index.
  const again = unitsOf('deliver', { delivery: failed }, allReads).indexWrites;
  const sum = (name: keyof Units): number => ofFunctions.reduce((so, units) => so + units[name], 0);
  return {
    reads: sum('reads') - idle,
    writes: sum('writes'),
    indexWrites: sum('indexWrites') - again,
    // Lambda receives each batch and deletes it, also what deliver has deleted before.
    queueRequests: sum('queueRequests') + 2 * deliverBatches + deliveries * a.deletedShare.value,
  };
}

/** Requests to SQS for one batch: each partition sends for itself, so that there is one for each of them at least. */
export function sendsOfBatch(subscribers: number): number {
  const { changesPerFanOut, deliveriesPerSend, partitionsPerFanOut } = assumptions;
  return Math.max(partitionsPerFanOut.value, (changesPerFanOut.value * subscribers) / deliveriesPerSend.value);
}

function deliverOften(attempts: number, failed: number): Often {
  const together: number = assumptions.deliveriesPerSubscription.value;
  const met = attempts / together;
  return {
    delivery: attempts,
    'failed attempt': failed,
    'subscription in a batch': met,
    'subscription with more in a batch': together > 1 ? met : 0,
  };
}

/** Everything that a million changes in a month use when each goes to so many subscribers, on top of what the stage costs idle. */
export function usagePerMillion(subscribers: number): Usage {
  const a = assumptions;
  const { hooks, batches, deliveries, attempts, deliverBatches } = traffic(subscribers);
  const { reads, writes, indexWrites, queueRequests } = requests(subscribers);
  const invocations = hooks + batches + deliverBatches;
  const storedGb = ((deliveries * a.recordKb.value) / kbInGb) * (a.retentionDays.value / daysAMonth);
  const loggedKb =
    invocations * a.lambdaLineKb.value +
    hooks * (a.accessLineKb.value + logKbOf('receive-hook', 0)) +
    batches * logKbOf('fan-out', 0) +
    deliverBatches * logKbOf('deliver', a.deliveriesPerInvocation.value / a.deliveriesPerSubscription.value);
  return {
    httpApiRequest: hooks,
    lambdaRequest: invocations,
    lambdaGbSecond:
      gbSeconds('receive-hook', hooks, a.receiveHookMs.value) +
      gbSeconds('fan-out', batches, a.fanOutMs.value) +
      gbSeconds('deliver', deliverBatches, a.deliverMs.value) +
      gbSeconds('sweep', minutesAMonth * subscribers, a.sweepMsPerSubscription.value),
    sqsFifoRequest: queueRequests,
    dynamodbWrite: writes + indexWrites,
    dynamodbRead: reads,
    dynamodbGbMonth: storedGb,
    restoreGbMonth: storedGb,
    kmsRequest: Math.min(attempts, (a.deliverEnvironments.value * subscribers * minutesAMonth) / a.secretMinutes.value),
    expressIngestGb: (million * a.changeKb.value) / kbInGb,
    logGb: loggedKb / kbInGb,
    metricMonth: metricsOfTraffic(subscribers),
    internetGb: (attempts * (a.changeKb.value + a.webhookOverheadKb.value)) / kbInGb,
  };
}
