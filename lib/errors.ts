/**
 * The one error class of the relay and its code table.
 *
 * What we expect is a value (a union with `kind`). What we do not expect is thrown as a {@link RelayError}; vendor errors
 * are translated in the vendor's folder and never travel further. An error that is not a RelayError is a bug: it is
 * retried and alarmed.
 */

export type Blame = 'operator' | 'infrastructure' | 'bug';
export type LogLevel = 'warn' | 'error';

export interface ErrorRow {
  /** Status the HTTP functions answer with. */
  readonly httpStatus: number;
  /** What a queue or log consumer does with the message at hand. */
  readonly queueVerdict: 'retry' | 'quarantine';
  readonly retry: boolean;
  readonly blame: Blame;
  readonly logLevel: LogLevel;
  /** Heading of the entry in docs/errors.md. */
  readonly heading: string;
}

export const errorCodes = {
  CONFIG_INVALID: {
    httpStatus: 500,
    queueVerdict: 'retry',
    retry: false,
    blame: 'operator',
    logLevel: 'error',
    heading: 'Configuration is invalid',
  },
  ORG_STORE_UNAVAILABLE: {
    httpStatus: 503,
    queueVerdict: 'retry',
    retry: true,
    blame: 'infrastructure',
    logLevel: 'error',
    heading: 'Org store is unreachable',
  },
  SENDER_STORE_UNAVAILABLE: {
    httpStatus: 503,
    queueVerdict: 'retry',
    retry: true,
    blame: 'infrastructure',
    logLevel: 'error',
    heading: 'Sender store is unreachable',
  },
  CHANGE_LOG_UNAVAILABLE: {
    httpStatus: 503,
    queueVerdict: 'retry',
    retry: true,
    blame: 'infrastructure',
    logLevel: 'error',
    heading: 'Change log is unreachable',
  },
  CHANGES_TOO_LARGE: {
    httpStatus: 503,
    queueVerdict: 'quarantine',
    retry: false,
    blame: 'operator',
    logLevel: 'error',
    heading: 'Changes are too large for the log',
  },
  CHANGE_SPOOL_UNAVAILABLE: {
    httpStatus: 503,
    queueVerdict: 'retry',
    retry: true,
    blame: 'infrastructure',
    logLevel: 'error',
    heading: 'Change spool is unreachable',
  },
  QUARANTINE_UNAVAILABLE: {
    httpStatus: 503,
    queueVerdict: 'retry',
    retry: true,
    blame: 'infrastructure',
    logLevel: 'error',
    heading: 'Quarantine is unreachable',
  },
  SUBSCRIPTION_STORE_UNAVAILABLE: {
    httpStatus: 503,
    queueVerdict: 'retry',
    retry: true,
    blame: 'infrastructure',
    logLevel: 'error',
    heading: 'Subscription store is unreachable',
  },
  DELIVERY_STORE_UNAVAILABLE: {
    httpStatus: 503,
    queueVerdict: 'retry',
    retry: true,
    blame: 'infrastructure',
    logLevel: 'error',
    heading: 'Delivery store is unreachable',
  },
  DELIVERY_QUEUE_UNAVAILABLE: {
    httpStatus: 503,
    queueVerdict: 'retry',
    retry: true,
    blame: 'infrastructure',
    logLevel: 'error',
    heading: 'Delivery queue is unreachable',
  },
  BATCH_UNFINISHED: {
    httpStatus: 503,
    queueVerdict: 'retry',
    retry: true,
    blame: 'infrastructure',
    logLevel: 'error',
    heading: 'Batch is not done',
  },
  REPLAY_STORE_UNAVAILABLE: {
    httpStatus: 503,
    queueVerdict: 'retry',
    retry: true,
    blame: 'infrastructure',
    logLevel: 'error',
    heading: 'Replay store is unreachable',
  },
  REPLAY_QUEUE_UNAVAILABLE: {
    httpStatus: 503,
    queueVerdict: 'retry',
    retry: true,
    blame: 'infrastructure',
    logLevel: 'error',
    heading: 'Replay queue is unreachable',
  },
  KEY_UNAVAILABLE: {
    httpStatus: 503,
    queueVerdict: 'retry',
    retry: true,
    blame: 'infrastructure',
    logLevel: 'error',
    heading: 'Encryption key is unreachable',
  },
  SECRET_UNREADABLE: {
    httpStatus: 500,
    queueVerdict: 'retry',
    retry: false,
    blame: 'operator',
    logLevel: 'error',
    heading: 'Sealed secret cannot be opened',
  },
  CLUSTER_UNAVAILABLE: {
    httpStatus: 503,
    queueVerdict: 'retry',
    retry: true,
    blame: 'infrastructure',
    logLevel: 'error',
    heading: 'Cluster cannot be described',
  },
  DEPLOYMENT_UNANSWERED: {
    httpStatus: 503,
    queueVerdict: 'retry',
    retry: true,
    blame: 'infrastructure',
    logLevel: 'error',
    heading: 'Deployment was not answered',
  },
  LOCAL_START_FAILED: {
    httpStatus: 500,
    queueVerdict: 'retry',
    retry: false,
    blame: 'operator',
    logLevel: 'error',
    heading: 'Local relay cannot start',
  },
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof errorCodes;

/** Facts that may be logged: never a secret, never personal data. */
export type LogSafeFacts = Readonly<Record<string, string | number | boolean | readonly string[]>>;

export class RelayError extends Error {
  override readonly name = 'RelayError';
  readonly code: ErrorCode;
  readonly facts: LogSafeFacts;

  constructor(code: ErrorCode, message: string, options: { facts?: LogSafeFacts; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.code = code;
    this.facts = options.facts ?? {};
  }

  get row(): ErrorRow {
    return errorCodes[this.code];
  }
  get retry(): boolean {
    return this.row.retry;
  }
  get blame(): Blame {
    return this.row.blame;
  }
}

export function isRelayError(error: unknown, code?: ErrorCode): error is RelayError {
  return error instanceof RelayError && (code === undefined || error.code === code);
}
