/**
 * Every function of the relay, as data: its size, its time and the settings it is given in AWS. The CDK stack deploys from here.
 * This file imports nothing, so that the stack may read it. A test holds `variables` against what each function's wiring reads.
 */
export interface FunctionDefinition {
  readonly about: string;
  /** Lambda gives CPU by memory: one whole vCPU at 1,769 MB. */
  readonly memoryMb: number;
  readonly timeoutSeconds: number;
  /** Names from lib/config/variables.ts. What Lambda sets itself (AWS_REGION) is not among them. */
  readonly variables: readonly string[];
}

export const functionSettings = {
  'receive-hook': {
    about: "Answers Okta's event hooks and writes changes to Kafka",
    // A cold start is part of Okta's three seconds, so it gets more CPU than its work needs.
    memoryMb: 1_024,
    /**
     * Okta waits three seconds, API Gateway a little less (`hookAnswerMs`), and the function's own budget ends at 2.4 s. Lambda knows whole
     * seconds only and two would cut that budget off, so what ends the function before the gateway is itself, half a second before this.
     */
    timeoutSeconds: 3,
    variables: [
      'ALLOWED_HOOK_RANGES',
      'CHANGE_LOG',
      'CHANGE_SPOOL_QUEUE_URL',
      'CHANGE_TOPIC',
      'KAFKA_AUTH',
      'KAFKA_BROKERS',
      'ORGS_TABLE',
      'QUARANTINE_BUCKET',
      'QUARANTINE_TABLE',
      'SECRETS_KEY_ID',
      'SENDERS_TABLE',
      'METRICS_NAMESPACE',
      'LOG_LEVEL',
    ],
  },
  respool: {
    about: 'Writes spooled changes to Kafka once it is back',
    memoryMb: 512,
    /** The same as `functionTimeoutSeconds` of the queue it reads (lib/sqs/queues.ts): a test compares them. */
    timeoutSeconds: 30,
    variables: [
      'CHANGE_LOG',
      'CHANGE_SPOOL_QUEUE_URL',
      'CHANGE_TOPIC',
      'KAFKA_AUTH',
      'KAFKA_BROKERS',
      'QUARANTINE_BUCKET',
      'QUARANTINE_TABLE',
      'METRICS_NAMESPACE',
      'LOG_LEVEL',
    ],
  },
  'fan-out': {
    about: 'Turns each change into one delivery per matching subscription',
    memoryMb: 512,
    timeoutSeconds: 60,
    variables: [
      'BATCH_ANSWER',
      'DELIVERIES_QUEUE_URL',
      'QUARANTINE_BUCKET',
      'QUARANTINE_TABLE',
      'SUBSCRIPTIONS_MAX_AGE_MS',
      'SUBSCRIPTIONS_TABLE',
      'METRICS_NAMESPACE',
      'LOG_LEVEL',
    ],
  },
  deliver: {
    about: 'Signs deliveries and posts them to subscribers',
    memoryMb: 512,
    /** The same as `functionTimeoutSeconds` of the queue it reads (lib/sqs/queues.ts): a test compares them. */
    timeoutSeconds: 60,
    variables: [
      'ATTEMPT_TIMEOUT_MS',
      'DELIVERIES_QUEUE_URL',
      'DELIVERIES_TABLE',
      'LANES_TABLE',
      'LIMITS_TABLE',
      'QUARANTINE_BUCKET',
      'QUARANTINE_TABLE',
      'REPLAY_DELIVERIES_QUEUE_URL',
      'SECRETS_KEY_ID',
      'STATES_TABLE',
      'SUBSCRIPTIONS_TABLE',
      'METRICS_NAMESPACE',
      'LOG_LEVEL',
    ],
  },
  sweep: {
    about: 'Releases parked lanes that are due and misses silent orgs, once a minute',
    memoryMb: 512,
    /** The interval of its schedule: a sweep that takes longer is gone on with by the next. */
    timeoutSeconds: 60,
    variables: [
      'DELIVERIES_QUEUE_URL',
      'DELIVERIES_TABLE',
      'LANES_TABLE',
      'ORGS_TABLE',
      'REPLAY_DELIVERIES_QUEUE_URL',
      'SENDERS_TABLE',
      'SUBSCRIPTIONS_TABLE',
      'SWEEP_INTERVAL_MS',
      'METRICS_NAMESPACE',
      'LOG_LEVEL',
    ],
  },
  admin: {
    about: 'Answers the admin API under /v1',
    memoryMb: 512,
    timeoutSeconds: 10,
    variables: [
      'ADMIN_AUTH',
      'DELIVERIES_QUEUE_URL',
      'DELIVERIES_TABLE',
      'LANES_TABLE',
      'MAX_CONCURRENCY_PER_SUBSCRIPTION',
      'ORGS_TABLE',
      'QUARANTINE_TABLE',
      'REPLAY_DELIVERIES_QUEUE_URL',
      'REPLAYS_QUEUE_URL',
      'REPLAYS_TABLE',
      'SECRETS_KEY_ID',
      'SENDERS_TABLE',
      'SUBSCRIPTIONS_TABLE',
      'METRICS_NAMESPACE',
      'LOG_LEVEL',
    ],
  },
  replay: {
    about: 'Reads a piece of the change log again for one subscription',
    /** For a million changes of state at a time (lib/replay/look-ahead.ts) and what Kafka hands over at once. */
    memoryMb: 1_024,
    /** The same as `functionTimeoutSeconds` of the queue it reads (lib/sqs/queues.ts): a test compares them. */
    timeoutSeconds: 300,
    variables: [
      'CHANGE_LOG',
      'CHANGE_TOPIC',
      'KAFKA_AUTH',
      'KAFKA_BROKERS',
      'REPLAYS_QUEUE_URL',
      'REPLAYS_TABLE',
      'REPLAY_DELIVERIES_QUEUE_URL',
      'SUBSCRIPTIONS_TABLE',
      'METRICS_NAMESPACE',
      'LOG_LEVEL',
    ],
  },
  'cluster-setup': {
    about: 'Tells a deployment which brokers the cluster has, and whether its topics are right',
    memoryMb: 256,
    /** What was just changed about a topic is described about a minute later; CloudFormation waits longer (infra/constructs/cluster-setup.ts). */
    timeoutSeconds: 120,
    variables: ['LOG_LEVEL'],
  },
} as const satisfies Record<string, FunctionDefinition>;
export type FunctionName = keyof typeof functionSettings;

/** Time API Gateway waits for `receive-hook`, in milliseconds: Okta hangs up at 3,000, and a 504 before that is retried as well. */
export const hookAnswerMs = 2_900;
