import type { FunctionName } from '#lib/config/function-settings.ts';
import { deliveryRetentionDays } from '#lib/delivery/delivery.ts';

/** What is taken for granted, about traffic and about what nobody measured. Change them to your own and run `npm run cost` again. */
export const assumptions = {
  changesPerHookRequest: { value: 1, about: 'changes in one hook request; Okta sends more at once when it is busy' },
  changeKb: { value: 2, about: 'KB of a change, in Kafka, in a queue and in a webhook' },
  recordKb: { value: 2, about: 'KB of the record of a delivery and its entries in the indexes, as stored' },
  subscriptionKb: { value: 1, about: 'KB of a subscription, as stored' },
  changesPerFanOut: { value: 10, about: 'changes that fan-out is given at once, none of them within seconds of the batch before' },
  partitionsPerFanOut: { value: 7, about: 'partitions that they are in, of 12: the deliveries of each are sent by themselves' },
  deliveriesPerSend: { value: 10, about: "deliveries in one request to SQS: SQS's most, and below 64 KB" },
  deliveriesPerInvocation: { value: 5, about: 'deliveries that deliver is given at once; ten at most' },
  deliveriesPerSubscription: { value: 1, about: 'of them to the same subscription: more make the read of it and of its limits rarer' },
  hookEnvironments: { value: 2, about: 'environments of receive-hook that are always at work, each with its own memory' },
  deliverEnvironments: { value: 3, about: 'the same of deliver' },
  receiveHookMs: { value: 60, about: 'ms that a hook request keeps receive-hook busy' },
  fanOutMs: { value: 100, about: 'ms for one batch in fan-out' },
  deliverMs: { value: 300, about: 'ms for one batch in deliver: subscribers that answer within a quarter of a second' },
  deletedShare: { value: 1, about: 'deliveries that deliver deletes itself, for their batch takes longer than a fifth of a second' },
  sweepMs: { value: 200, about: 'ms for a look of sweep, with nobody subscribed' },
  sweepMsPerSubscription: { value: 20, about: 'ms that each subscription adds to it: 16 queries, with eight subscriptions at a time' },
  quietOrgs: { value: 1, about: 'orgs that have sent nothing for an hour: sweep reads each of them in every minute' },
  failedShare: { value: 0.01, about: 'attempts that fail and come again' },
  lambdaLineKb: { value: 0.4, about: 'KB that Lambda itself logs of an invocation' },
  brokerLogGb: { value: 1, about: 'GB that a broker logs in a month; nobody measured it' },
  refusedTrafficGb: { value: 0.5, about: 'GB that the flow log of a network has of refused traffic; nobody measured it' },
  accessLineKb: { value: 0.5, about: 'KB that API Gateway logs of a hook request' },
  webhookOverheadKb: { value: 1.5, about: 'KB of headers and TLS around a webhook' },
  retentionDays: { value: deliveryRetentionDays, about: 'days that a record of a delivery lives' },
  secretMinutes: { value: 5, about: 'minutes for which an environment remembers the key of a secret: one request to KMS each' },
} as const;

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
