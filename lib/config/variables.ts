import { cidrRanges } from './cidr-ranges.ts';
import { adminToken, brokers, oneOf, text, url, wholeNumber, yesOrNo } from './parsers.ts';

/**
 * Every setting of the functions, as data; what each is for is a comment, since each bundle carries the whole table. docs/configuration.md
 * is held against it, both ways, by a test.
 * `parse` answers the value, or throws an Error whose message says what is wrong (never repeating a secret).
 */
export interface Variable<T> {
  /** Said to whoever set it wrong. */
  readonly example: string;
  /** Absent: the variable must be set. */
  readonly fallback?: T;
  readonly secret?: true;
  parse(text: string): T;
}

const variable = <T>(definition: Variable<T>): Variable<T> => definition;

export const variables = {
  /** Which change log the relay writes to. `embedded` exists in local mode only. */
  CHANGE_LOG: variable<'kafka' | 'embedded'>({
    example: 'kafka',
    fallback: 'kafka',
    parse: oneOf('kafka', 'embedded'),
  }),
  /** Kafka topic of identity changes. */
  CHANGE_TOPIC: variable({
    example: 'identity.changes.v1',
    fallback: 'identity.changes.v1',
    parse: text,
  }),
  /** Bootstrap brokers. */
  KAFKA_BROKERS: variable<string[]>({
    example: 'b-1.relay.example.com:9098,b-2.relay.example.com:9098',
    parse: brokers,
  }),
  /** `iam`: TLS and MSK IAM (SASL OAUTHBEARER). `none`: plain text, for a broker on this machine. */
  KAFKA_AUTH: variable<'iam' | 'none'>({
    example: 'iam',
    fallback: 'iam',
    parse: oneOf('iam', 'none'),
  }),
  /** AWS region; Lambda sets it. */
  AWS_REGION: variable({ example: 'eu-central-1', parse: text }),
  /** DynamoDB table of Okta orgs. */
  ORGS_TABLE: variable({ example: 'relay-orgs', parse: text }),
  /** DynamoDB table of what was seen of those who send hook requests. */
  SENDERS_TABLE: variable({
    example: 'relay-senders',
    parse: text,
  }),
  /** Networks that hook requests may come from, as CIDR blocks. Not set: anywhere. */
  ALLOWED_HOOK_RANGES: variable<string[] | undefined>({
    example: '192.0.2.0/24,2001:db8::/32',
    fallback: undefined,
    parse: cidrRanges,
  }),
  /** DynamoDB table of subscriptions. */
  SUBSCRIPTIONS_TABLE: variable({ example: 'relay-subscriptions', parse: text }),
  /** DynamoDB table of deliveries. */
  DELIVERIES_TABLE: variable({ example: 'relay-deliveries', parse: text }),
  /** DynamoDB table of how far each state was delivered to each subscription. */
  STATES_TABLE: variable({
    example: 'relay-states',
    parse: text,
  }),
  /** DynamoDB table of parked lanes. */
  LANES_TABLE: variable({ example: 'relay-lanes', parse: text }),
  /** DynamoDB table of what is leased of each subscription's limits. */
  LIMITS_TABLE: variable({
    example: 'relay-limits',
    parse: text,
  }),
  /** DynamoDB table that indexes the quarantine. */
  QUARANTINE_TABLE: variable({ example: 'relay-quarantine', parse: text }),
  /** S3 bucket of quarantined bodies. */
  QUARANTINE_BUCKET: variable({ example: 'relay-quarantine-123456789012', parse: text }),
  /**
   * What fan-out answers when a partition is to come again: its name and offset, which only provisioned pollers understand, or an error
   * for the whole batch, which all of them do. So that is what an unset variable means: no other default is safe with each of them.
   */
  BATCH_ANSWER: variable<'partitions' | 'whole'>({
    example: 'partitions',
    fallback: 'whole',
    parse: oneOf('partitions', 'whole'),
  }),
  /** URL of the FIFO queue of deliveries. */
  DELIVERIES_QUEUE_URL: variable({
    example: 'https://sqs.eu-central-1.amazonaws.com/123456789012/deliveries.fifo',
    parse: url,
  }),
  /** DynamoDB table of replays. */
  REPLAYS_TABLE: variable({ example: 'relay-replays', parse: text }),
  /** URL of the FIFO queue of replays to be worked. */
  REPLAYS_QUEUE_URL: variable({
    example: 'https://sqs.eu-central-1.amazonaws.com/123456789012/replays.fifo',
    parse: url,
  }),
  /** URL of the FIFO queue of deliveries that replays bring. */
  REPLAY_DELIVERIES_QUEUE_URL: variable({
    example: 'https://sqs.eu-central-1.amazonaws.com/123456789012/replay-deliveries.fifo',
    parse: url,
  }),
  /** URL of the FIFO queue that keeps changes while the change log is out of reach. */
  CHANGE_SPOOL_QUEUE_URL: variable({
    example: 'https://sqs.eu-central-1.amazonaws.com/123456789012/change-spool.fifo',
    parse: url,
  }),
  /** KMS key that seals secrets. Set this or SECRETS_KEY_FILE. */
  SECRETS_KEY_ID: variable<string | undefined>({
    example: 'arn:aws:kms:eu-central-1:123456789012:key/1a2b3c4d-0000-4000-8000-000000000000',
    fallback: undefined,
    parse: text,
  }),
  /** Key file that seals secrets in local mode: 32 bytes in hex, mode 0600. */
  SECRETS_KEY_FILE: variable<string | undefined>({
    example: '.relay.key',
    fallback: undefined,
    parse: text,
  }),
  /** How /v1 callers prove themselves: `iam` (API Gateway checked a SigV4 signature) or `bearer` (local mode). */
  ADMIN_AUTH: variable<'bearer' | 'iam'>({
    example: 'iam',
    fallback: 'iam',
    parse: oneOf('bearer', 'iam'),
  }),
  /** Bearer token of the admin API, with ADMIN_AUTH=bearer. */
  RELAY_ADMIN_TOKEN: variable<string | undefined>({
    example: 'a long random word of 16 characters or more',
    fallback: undefined,
    secret: true,
    parse: adminToken,
  }),
  /** Also deliver to http(s) URLs on 127.0.0.0/8, ::1 and localhost. Local mode only. */
  ALLOW_LOOPBACK_SUBSCRIBERS: variable({
    example: 'false',
    fallback: false,
    parse: yesOrNo,
  }),
  /** Most requests at a time that a subscription may ask for: at most half of what deliver runs at a time. */
  MAX_CONCURRENCY_PER_SUBSCRIPTION: variable({
    example: '100',
    fallback: 100,
    parse: wholeNumber(10, 100),
  }),
  /** Time one delivery attempt may take, in milliseconds. */
  ATTEMPT_TIMEOUT_MS: variable({
    example: '15000',
    fallback: 15_000,
    parse: wholeNumber(500, 25_000),
  }),
  /** How old fan-out's view of the subscriptions may be, in milliseconds; 0 reads them at every invocation. */
  SUBSCRIPTIONS_MAX_AGE_MS: variable({
    example: '2500',
    fallback: 2_500,
    parse: wholeNumber(0, 4_000),
  }),
  /** How often parked lanes are swept, in milliseconds: as often as the schedule says. */
  SWEEP_INTERVAL_MS: variable({
    example: '60000',
    fallback: 60_000,
    parse: wholeNumber(100, 600_000),
  }),
  /** DynamoDB endpoint, where it is not the region's own. */
  AWS_ENDPOINT_URL_DYNAMODB: variable<string | undefined>({
    example: 'http://127.0.0.1:8000',
    fallback: undefined,
    parse: url,
  }),
  /** SQS endpoint, where it is not the region's own. */
  AWS_ENDPOINT_URL_SQS: variable<string | undefined>({
    example: 'http://127.0.0.1:4566',
    fallback: undefined,
    parse: url,
  }),
  /** S3 endpoint, where it is not the region's own. */
  AWS_ENDPOINT_URL_S3: variable<string | undefined>({
    example: 'http://127.0.0.1:4566',
    fallback: undefined,
    parse: url,
  }),
  /** CloudWatch namespace of the metrics; without it none are written. */
  METRICS_NAMESPACE: variable<string | undefined>({
    example: 'okta-event-relay-prod',
    fallback: undefined,
    parse: text,
  }),
  /** Least severe log line that is written. */
  LOG_LEVEL: variable<'info' | 'warn' | 'error'>({
    example: 'info',
    fallback: 'info',
    parse: oneOf('info', 'warn', 'error'),
  }),
} as const;

export type VariableName = keyof typeof variables;
