import { type FunctionName, functionSettings } from '#lib/config/function-settings.ts';
import { deliveryRetentionDays } from '#lib/delivery/delivery.ts';
import { type MetricDefinition, metricDefinitions, type MetricDimension } from '#lib/telemetry/metric-names.ts';
import { type Often, unitsOf, type Units } from './calls.ts';
import type { Usage } from './prices.ts';

/** What is taken for granted about traffic. Change them to your own and run `npm run cost` again. */
export const assumptions = {
  changesPerHookRequest: { value: 1, about: 'changes in one hook request; Okta sends more at once when it is busy' },
  changeKb: { value: 2, about: 'KB of a change, in Kafka, in a queue and in a webhook' },
  recordKb: { value: 2, about: 'KB of the record of a delivery and its entries in the indexes, as stored' },
  subscriptionKb: { value: 1, about: 'KB of a subscription, as stored' },
  changesPerFanOut: { value: 10, about: 'changes that fan-out is given at once, none of them within seconds of the batch before' },
  deliveriesPerSend: { value: 10, about: "deliveries in one request to SQS: SQS's most, and below 64 KB" },
  deliveriesPerInvocation: { value: 5, about: 'deliveries that deliver is given at once; ten at most' },
  deliveriesPerSubscription: { value: 1, about: 'of them to the same subscription: more make the read of it and of its limits rarer' },
  hookEnvironments: { value: 2, about: 'environments of receive-hook that are always at work, each with its own memory' },
  deliverEnvironments: { value: 3, about: 'the same of deliver' },
  receiveHookMs: { value: 60, about: 'ms that a hook request keeps receive-hook busy' },
  fanOutMs: { value: 100, about: 'ms for one batch in fan-out' },
  deliverMs: { value: 300, about: 'ms for one batch in deliver: subscribers that answer within a quarter of a second' },
  failedShare: { value: 0.01, about: 'attempts that fail and come again' },
  lambdaLineKb: { value: 0.4, about: 'KB that Lambda itself logs of an invocation' },
  accessLineKb: { value: 0.5, about: 'KB that API Gateway logs of a hook request' },
  webhookOverheadKb: { value: 1.5, about: 'KB of headers and TLS around a webhook' },
  retentionDays: { value: deliveryRetentionDays, about: 'days that a record of a delivery lives' },
  secretMinutes: { value: 5, about: 'minutes for which an environment remembers the key of a secret: one request to KMS each' },
} as const;

const kbInGb = 1_000_000;
const million = 1_000_000;
const minutesAMonth = 30.4 * 24 * 60;

/** Reading all subscriptions where there are none. */
export const readsOfNone = 1;

/** KB that the function itself logs in an invocation, metrics among them; `subscriptions`: in its batch. Held to a measured run. */
const logKb = {
  'receive-hook': { invocation: 0.6, subscription: 0 },
  'fan-out': { invocation: 0.6, subscription: 0 },
  deliver: { invocation: 0.7, subscription: 0.4 },
  sweep: { invocation: 0.8, subscription: 0 },
} as const satisfies Partial<Record<FunctionName, { invocation: number; subscription: number }>>;

export function logKbOf(name: keyof typeof logKb, subscriptions: number): number {
  return logKb[name].invocation + subscriptions * logKb[name].subscription;
}

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
    unitsOf('fan-out', { batch: batches, 'ten deliveries': deliveries / a.deliveriesPerSend.value }, allReads),
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
    // Lambda receives each batch and deletes it.
    queueRequests: sum('queueRequests') + 2 * deliverBatches,
  };
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
  const storedGb = ((deliveries * a.recordKb.value) / kbInGb) * (a.retentionDays.value / 30.4);
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
      gbSeconds('deliver', deliverBatches, a.deliverMs.value),
    sqsFifoRequest: queueRequests,
    dynamodbWrite: writes + indexWrites,
    dynamodbRead: reads,
    dynamodbGbMonth: storedGb,
    restoreGbMonth: storedGb,
    kmsRequest: Math.min(attempts, (a.deliverEnvironments.value * subscribers * minutesAMonth) / a.secretMinutes.value),
    expressIngestGb: (million * a.changeKb.value) / kbInGb,
    logGb: loggedKb / kbInGb,
    metricMonth: metricsFor(subscribers),
    internetGb: (attempts * (a.changeKb.value + a.webhookOverheadKb.value)) / kbInGb,
  };
}

function gbSeconds(name: FunctionName, invocations: number, ms: number): number {
  return (invocations * ms * functionSettings[name].memoryMb) / 1_000 / 1_024;
}

/** Each metric in total, and once for each value of its dimension: one org, all subscribers, hardly any code. */
function metricsFor(subscribers: number): number {
  const definitions = Object.values<MetricDefinition>(metricDefinitions);
  const by = (dimension: MetricDimension): number => definitions.filter(({ dimensions }) => dimensions.includes(dimension)).length;
  return definitions.length + by('Org') + by('Subscription') * subscribers;
}
