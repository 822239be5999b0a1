/**
 * Why Kafka did not do it, for the logs and for those who read them. `refused`: the broker answered, with an error that is
 * none of the others. `unknown`: not from Kafka at all, so a bug.
 */
export type KafkaFailureReason =
  'timeout' | 'connection' | 'authentication' | 'authorization' | 'too-large' | 'no-topic' | 'too-few-replicas' | 'refused' | 'unknown';

export interface KafkaFailure {
  readonly reason: KafkaFailureReason;
  /** kafkajs's name for it: the protocol's error type, or the class. */
  readonly kafkaError: string;
}

/** Protocol errors (kafka.apache.org/protocol, "Error Codes") that mean something other than `refused`. */
const byType: Readonly<Record<string, KafkaFailureReason>> = {
  REQUEST_TIMED_OUT: 'timeout',
  NETWORK_EXCEPTION: 'connection',
  SASL_AUTHENTICATION_FAILED: 'authentication',
  ILLEGAL_SASL_STATE: 'authentication',
  UNSUPPORTED_SASL_MECHANISM: 'authentication',
  TOPIC_AUTHORIZATION_FAILED: 'authorization',
  GROUP_AUTHORIZATION_FAILED: 'authorization',
  CLUSTER_AUTHORIZATION_FAILED: 'authorization',
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: 'authorization',
  MESSAGE_TOO_LARGE: 'too-large',
  RECORD_LIST_TOO_LARGE: 'too-large',
  UNKNOWN_TOPIC_OR_PARTITION: 'no-topic',
  NOT_ENOUGH_REPLICAS: 'too-few-replicas',
  NOT_ENOUGH_REPLICAS_AFTER_APPEND: 'too-few-replicas',
};

const byName: Readonly<Record<string, KafkaFailureReason>> = {
  DeadlinePassed: 'timeout',
  PartitionUnanswered: 'refused',
  KafkaJSRequestTimeoutError: 'timeout',
  KafkaJSConnectionError: 'connection',
  KafkaJSConnectionClosedError: 'connection',
  KafkaJSNoBrokerAvailableError: 'connection',
  KafkaJSBrokerNotFound: 'connection',
  KafkaJSSASLAuthenticationError: 'authentication',
};

export function failureReason(error: unknown): KafkaFailure {
  const root = rootCause(error);
  const { type, name } = asKafkaError(root);
  if (type !== undefined) return { reason: byType[type] ?? 'refused', kafkaError: type };
  if (name === undefined) return { reason: 'unknown', kafkaError: typeof root };
  return { reason: byName[name] ?? (name.startsWith('KafkaJS') ? 'refused' : 'unknown'), kafkaError: name };
}

/**
 * Whether this is how a broker says that this client may not, or cannot, produce idempotently: MSK without
 * kafka-cluster:WriteDataIdempotently, or brokers that do not know the request.
 */
export function refusesIdempotence(error: unknown): boolean {
  const { type, name } = asKafkaError(rootCause(error));
  return (
    name === 'KafkaJSServerDoesNotSupportApiKey' ||
    ['CLUSTER_AUTHORIZATION_FAILED', 'TRANSACTIONAL_ID_AUTHORIZATION_FAILED', 'UNSUPPORTED_VERSION'].includes(type ?? '')
  );
}

/** kafkajs wraps what ended its retries, sometimes twice. */
function rootCause(error: unknown): unknown {
  let root = error;
  while (root instanceof Error && root.cause instanceof Error) root = root.cause;
  return root;
}

function asKafkaError(error: unknown): { type: string | undefined; name: string | undefined } {
  if (!(error instanceof Error)) return { type: undefined, name: undefined };
  const type = 'type' in error && typeof error.type === 'string' ? error.type : undefined;
  return { type, name: error.name };
}
