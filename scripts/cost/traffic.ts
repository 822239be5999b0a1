import { functionSettings, type FunctionName } from '#lib/config/function-settings.ts';
import { deliveryRetentionDays } from '#lib/delivery/delivery.ts';
import { dueShards } from '#lib/dynamodb/lane-item.ts';
import { type TableDefinition, tables } from '#lib/dynamodb/tables.ts';
import { type MetricDefinition, metricDefinitions, type MetricDimension } from '#lib/telemetry/metric-names.ts';
import type { Usage } from './prices.ts';

/** What is taken for granted about traffic. Change them to your own and run `npm run cost` again. */
export const assumptions = {
  changesPerHookRequest: { value: 1, about: 'changes in one hook request; Okta sends more at once when it is busy' },
  changeKb: { value: 2, about: 'KB of a change, in Kafka, in a queue and in a webhook' },
  changesPerFanOut: { value: 10, about: 'changes that fan-out is given at once' },
  deliveriesPerSend: { value: 10, about: "deliveries in one request to SQS: SQS's most" },
  deliveriesPerInvocation: { value: 5, about: 'deliveries that deliver is given at once; ten at most' },
  receiveHookMs: { value: 60, about: 'ms that a hook request keeps receive-hook busy' },
  fanOutMs: { value: 100, about: 'ms for one batch in fan-out' },
  deliverMs: { value: 300, about: 'ms for one batch in deliver: subscribers that answer within a quarter of a second' },
  failedShare: { value: 0.01, about: 'attempts that fail and come again' },
  lineKb: { value: 1.2, about: 'KB that an invocation logs, metrics and the access log among them' },
  webhookOverheadKb: { value: 1.5, about: 'KB of headers and TLS around a webhook' },
  secondsPerLimit: { value: 0.2, about: 'writes for the limit of a subscription, per delivery: one per second and instance' },
  retentionDays: { value: deliveryRetentionDays, about: 'days that a record of a delivery lives' },
  sweepQueries: {
    value: 2 * dueShards,
    about:
      'queries of sweep for each subscription in a minute, traffic or not: for the lanes that are due and for all that wait, one a shard',
  },
} as const;

const kbInGb = 1_000_000;
const million = 1_000_000;
const monthDays = 30.4;

/** A query for what changes by the minute is eventually consistent, which is half a read however little it finds. */
const readsPerQuery = 0.5;
const minutesAMonth = monthDays * 24 * 60;

/** Indexes of a table that an item is in: each write that makes the item is a write to each of them. */
const indexesOf = (table: TableDefinition): number => table.indexes.length;

/**
 * Requests to DynamoDB for one delivery that succeeds at once: claimed (the record is made: all its indexes are written), its state
 * entered, its state left, settled. Keys of indexes never change afterwards, so only the first write pays for them.
 */
export const writesPerDelivery = {
  claim: 1,
  claimIndexes: indexesOf(tables.deliveries),
  enterState: 1 + indexesOf(tables.states),
  leaveState: 1 + indexesOf(tables.states),
  settle: 1,
  limit: assumptions.secondsPerLimit.value,
} as const;

/** One attempt more: claimed, entered, left and settled again, the record being there already. */
const writesPerRepeat = writesPerDelivery.claim + writesPerDelivery.enterState + writesPerDelivery.leaveState + writesPerDelivery.settle;

/** Receiving and deleting, in batches; sending, in batches. */
function queueRequests(deliveries: number): number {
  return deliveries / assumptions.deliveriesPerSend.value + (2 * deliveries) / assumptions.deliveriesPerInvocation.value;
}

/** Everything that a million changes in a month use when each goes to so many subscribers, on top of what the stage costs idle. */
export function usagePerMillion(subscribers: number): Usage {
  const a = assumptions;
  const hooks = million / a.changesPerHookRequest.value;
  const batches = million / a.changesPerFanOut.value;
  const deliveries = million * subscribers;
  const attempts = deliveries * (1 + a.failedShare.value);
  const deliverBatches = attempts / a.deliveriesPerInvocation.value;
  const invocations = hooks + batches + deliverBatches;
  const perDelivery = Object.values(writesPerDelivery).reduce((sum, writes) => sum + writes, 0);
  const storedGb = ((deliveries * a.changeKb.value) / kbInGb) * (a.retentionDays.value / monthDays);
  return {
    httpApiRequest: hooks,
    lambdaRequest: invocations,
    lambdaGbSecond:
      gbSeconds('receive-hook', hooks, a.receiveHookMs.value) +
      gbSeconds('fan-out', batches, a.fanOutMs.value) +
      gbSeconds('deliver', deliverBatches, a.deliverMs.value),
    sqsFifoRequest: queueRequests(attempts),
    dynamodbWrite: deliveries * (perDelivery + a.failedShare.value * writesPerRepeat),
    // Subscriptions and orgs are read through caches of seconds.
    dynamodbRead: batches + deliverBatches + subscribers * a.sweepQueries.value * minutesAMonth * readsPerQuery,
    dynamodbGbMonth: storedGb,
    restoreGbMonth: storedGb,
    expressIngestGb: (million * a.changeKb.value) / kbInGb,
    logGb: (invocations * a.lineKb.value) / kbInGb,
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
