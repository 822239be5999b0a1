import { cidrRanges } from './cidr-ranges.ts';
import { adminToken, brokers, oneOf, text, url, wholeNumber, yesOrNo } from './parsers.ts';

/**
 * Every setting of the functions, as data. docs/configuration.md is held against this table, both ways, by a test.
 * `parse` answers the value, or throws an Error whose message says what is wrong (never repeating a secret).
 */
export interface Variable<T> {
  readonly about: string;
  readonly example: string;
  /** Absent: the variable must be set. */
  readonly fallback?: T;
  readonly secret?: true;
  parse(text: string): T;
}

const variable = <T>(definition: Variable<T>): Variable<T> => definition;

export const variables = {
  CHANGE_LOG: variable<'kafka' | 'embedded'>({
    about: 'Which change log the relay writes to. `embedded` exists in local mode only.',
    example: 'kafka',
    fallback: 'kafka',
    parse: oneOf('kafka', 'embedded'),
  }),
  CHANGE_TOPIC: variable({
    about: 'Kafka topic of identity changes.',
    example: 'identity.changes.v1',
    fallback: 'identity.changes.v1',
    parse: text,
  }),
  KAFKA_BROKERS: variable<string[]>({
    about: 'Bootstrap brokers.',
    example: 'b-1.relay.example.com:9098,b-2.relay.example.com:9098',
    parse: brokers,
  }),
  KAFKA_AUTH: variable<'iam' | 'none'>({
    about: '`iam`: TLS and MSK IAM (SASL OAUTHBEARER). `none`: plain text, for a broker on this machine.',
    example: 'iam',
    fallback: 'iam',
    parse: oneOf('iam', 'none'),
  }),
  AWS_REGION: variable({ about: 'AWS region; Lambda sets it.', example: 'eu-central-1', parse: text }),
  ORGS_TABLE: variable({ about: 'DynamoDB table of Okta orgs.', example: 'relay-orgs', parse: text }),
  SENDERS_TABLE: variable({
    about: 'DynamoDB table of what was seen of those who send hook requests.',
    example: 'relay-senders',
    parse: text,
  }),
  ALLOWED_HOOK_RANGES: variable<string[] | undefined>({
    about: 'Networks that hook requests may come from, as CIDR blocks. Not set: anywhere.',
    example: '192.0.2.0/24,2001:db8::/32',
    fallback: undefined,
    parse: cidrRanges,
  }),
  SUBSCRIPTIONS_TABLE: variable({ about: 'DynamoDB table of subscriptions.', example: 'relay-subscriptions', parse: text }),
  DELIVERIES_TABLE: variable({ about: 'DynamoDB table of deliveries.', example: 'relay-deliveries', parse: text }),
  STATES_TABLE: variable({
    about: 'DynamoDB table of how far each state was delivered to each subscription.',
    example: 'relay-states',
    parse: text,
  }),
  LANES_TABLE: variable({ about: 'DynamoDB table of parked lanes.', example: 'relay-lanes', parse: text }),
  LIMITS_TABLE: variable({
    about: "DynamoDB table of what is leased of each subscription's limits.",
    example: 'relay-limits',
    parse: text,
  }),
  QUARANTINE_TABLE: variable({ about: 'DynamoDB table that indexes the quarantine.', example: 'relay-quarantine', parse: text }),
  QUARANTINE_BUCKET: variable({ about: 'S3 bucket of quarantined bodies.', example: 'relay-quarantine-123456789012', parse: text }),
  DELIVERIES_QUEUE_URL: variable({
    about: 'URL of the FIFO queue of deliveries.',
    example: 'https://sqs.eu-central-1.amazonaws.com/123456789012/deliveries.fifo',
    parse: url,
  }),
  REPLAYS_TABLE: variable({ about: 'DynamoDB table of replays.', example: 'relay-replays', parse: text }),
  REPLAYS_QUEUE_URL: variable({
    about: 'URL of the FIFO queue of replays to be worked.',
    example: 'https://sqs.eu-central-1.amazonaws.com/123456789012/replays.fifo',
    parse: url,
  }),
  REPLAY_DELIVERIES_QUEUE_URL: variable({
    about: 'URL of the FIFO queue of deliveries that replays bring.',
    example: 'https://sqs.eu-central-1.amazonaws.com/123456789012/replay-deliveries.fifo',
    parse: url,
  }),
  CHANGE_SPOOL_QUEUE_URL: variable({
    about: 'URL of the FIFO queue that keeps changes while the change log is out of reach.',
    example: 'https://sqs.eu-central-1.amazonaws.com/123456789012/change-spool.fifo',
    parse: url,
  }),
  SECRETS_KEY_ID: variable<string | undefined>({
    about: 'KMS key that seals secrets. Set this or SECRETS_KEY_FILE.',
    example: 'arn:aws:kms:eu-central-1:123456789012:key/1a2b3c4d-0000-4000-8000-000000000000',
    fallback: undefined,
    parse: text,
  }),
  SECRETS_KEY_FILE: variable<string | undefined>({
    about: 'Key file that seals secrets in local mode: 32 bytes in hex, mode 0600.',
    example: '.relay-key',
    fallback: undefined,
    parse: text,
  }),
  ADMIN_AUTH: variable<'bearer' | 'iam'>({
    about: 'How /v1 callers prove themselves: `iam` (API Gateway checked a SigV4 signature) or `bearer` (local mode).',
    example: 'iam',
    fallback: 'iam',
    parse: oneOf('bearer', 'iam'),
  }),
  RELAY_ADMIN_TOKEN: variable<string | undefined>({
    about: 'Bearer token of the admin API, with ADMIN_AUTH=bearer.',
    example: 'a long random word of 16 characters or more',
    fallback: undefined,
    secret: true,
    parse: adminToken,
  }),
  ALLOW_LOOPBACK_SUBSCRIBERS: variable({
    about: 'Also deliver to http(s) URLs on 127.0.0.0/8, ::1 and localhost. Local mode only.',
    example: 'false',
    fallback: false,
    parse: yesOrNo,
  }),
  MAX_CONCURRENCY_PER_SUBSCRIPTION: variable({
    about: 'Most requests at a time that a subscription may ask for: at most half of what deliver runs at a time.',
    example: '100',
    fallback: 100,
    parse: wholeNumber(10, 100),
  }),
  ATTEMPT_TIMEOUT_MS: variable({
    about: 'Time one delivery attempt may take, in milliseconds.',
    example: '15000',
    fallback: 15_000,
    parse: wholeNumber(500, 25_000),
  }),
  SUBSCRIPTIONS_MAX_AGE_MS: variable({
    about: "How old fan-out's view of the subscriptions may be, in milliseconds; 0 reads them at every invocation.",
    example: '2500',
    fallback: 2_500,
    parse: wholeNumber(0, 4_000),
  }),
  SWEEP_INTERVAL_MS: variable({
    about: 'How often parked lanes are swept, in milliseconds: as often as the schedule says.',
    example: '60000',
    fallback: 60_000,
    parse: wholeNumber(100, 600_000),
  }),
  AWS_ENDPOINT_URL_DYNAMODB: variable<string | undefined>({
    about: "DynamoDB endpoint, where it is not the region's own.",
    example: 'http://127.0.0.1:8000',
    fallback: undefined,
    parse: url,
  }),
  AWS_ENDPOINT_URL_SQS: variable<string | undefined>({
    about: "SQS endpoint, where it is not the region's own.",
    example: 'http://127.0.0.1:4566',
    fallback: undefined,
    parse: url,
  }),
  AWS_ENDPOINT_URL_S3: variable<string | undefined>({
    about: "S3 endpoint, where it is not the region's own.",
    example: 'http://127.0.0.1:4566',
    fallback: undefined,
    parse: url,
  }),
  METRICS_NAMESPACE: variable<string | undefined>({
    about: 'CloudWatch namespace of the metrics; without it none are written.',
    example: 'okta-event-relay-prod',
    fallback: undefined,
    parse: text,
  }),
  LOG_LEVEL: variable<'info' | 'warn' | 'error'>({
    about: 'Least severe log line that is written.',
    example: 'info',
    fallback: 'info',
    parse: oneOf('info', 'warn', 'error'),
  }),
} as const;

export type VariableName = keyof typeof variables;
export type ValueOf<Name extends VariableName> =
  | ReturnType<(typeof variables)[Name]['parse']>
  | ((typeof variables)[Name] extends { readonly fallback?: infer F } ? Exclude<F, undefined> : never);
