/**
 * Every metric of the relay, as data: the functions write them, the stack's alarms and dashboard read them. Imports nothing.
 * Each metric is written in total; `dimensions` says what it is written by besides. Every value of a dimension is a metric that
 * CloudWatch bills by the month, so only what an alarm or a search needs is listed.
 */
export interface MetricDefinition {
  /** `count`: summed within an invocation. `gauge`: the last value of an invocation. `time`: milliseconds, each one kept. */
  readonly kind: 'count' | 'gauge' | 'time';
  readonly about: string;
  readonly dimensions: readonly MetricDimension[];
}
export type MetricDimension = 'Org' | 'Subscription' | 'Code';

export const metricDefinitions = {
  Accepted: { kind: 'count', about: 'changes that became durable, in the log or the spool', dimensions: ['Org'] },
  Spooled: { kind: 'count', about: 'changes among them that went to the spool, because Kafka was away', dimensions: [] },
  Quarantined: { kind: 'count', about: 'entries put into quarantine', dimensions: [] },
  Refused4xx: { kind: 'count', about: 'hook requests that the relay answered with a 4xx', dimensions: [] },
  UnconfirmedHook: { kind: 'count', about: "requests taken from an event hook that nobody has confirmed to be the org's", dimensions: [] },
  Repeated: { kind: 'count', about: 'signed hook requests that were accepted before and came once more', dimensions: [] },
  Unavailable: { kind: 'count', about: 'hook requests that the relay answered 503', dimensions: [] },
  StuckPartitions: { kind: 'count', about: 'partitions that fan-out could not finish and that come again', dimensions: [] },
  Queued: { kind: 'count', about: 'deliveries that fan-out put on the queue', dimensions: [] },
  Delivered: { kind: 'count', about: 'deliveries that a subscriber acknowledged with a 2xx', dimensions: ['Subscription'] },
  Failed: { kind: 'count', about: 'attempts that ended without a 2xx', dimensions: ['Subscription'] },
  Parked: { kind: 'count', about: 'deliveries that went to wait outside the queue', dimensions: [] },
  Superseded: { kind: 'count', about: 'deliveries not sent, because newer state was delivered already', dimensions: [] },
  Dead: { kind: 'count', about: 'deliveries given up', dimensions: ['Subscription'] },
  Duplicates: { kind: 'count', about: 'messages of deliveries that were settled already', dimensions: [] },
  CircuitOpened: { kind: 'count', about: 'circuits opened', dimensions: ['Subscription'] },
  CircuitClosed: { kind: 'count', about: 'circuits closed again by a probe', dimensions: ['Subscription'] },
  SubscriptionDisabled: { kind: 'count', about: 'subscriptions disabled by a 410 or by days of failure', dimensions: ['Subscription'] },
  SilentOrgs: { kind: 'gauge', about: 'orgs that used to speak and have been silent for longer than they should', dimensions: [] },
  OpenCircuits: { kind: 'gauge', about: 'circuits that are open', dimensions: [] },
  ParkedLanes: {
    kind: 'gauge',
    about: 'lanes that wait outside the queue, due or not; at least: 2,000 or so of a subscription are looked at',
    dimensions: [],
  },
  OldestParkedAgeSeconds: {
    kind: 'gauge',
    about: 'how long the oldest parked lane has been waiting; at least: of those that were looked at',
    dimensions: [],
  },
  OldestRemovalAgeSeconds: {
    kind: 'gauge',
    about:
      "from Okta's published of the oldest removal that waits in a parked lane of an active subscription until now; at least: as far as it was looked; 0 when none does",
    dimensions: [],
  },
  DeliveryLatencyMs: { kind: 'time', about: "from Okta's published to the subscriber's 2xx, live deliveries only", dimensions: [] },
  RelayErrors: { kind: 'count', about: 'errors in log lines, by their code (docs/errors.md)', dimensions: ['Code'] },
  RemovalLatencyMs: {
    kind: 'time',
    about: 'the same for removals: deactivated, suspended, deleted, a lost membership',
    dimensions: ['Subscription'],
  },
} as const satisfies Record<string, MetricDefinition>;

export type MetricName = keyof typeof metricDefinitions;
