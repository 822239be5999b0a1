/** What the clients of lib/dynamodb, lib/s3, lib/sqs and lib/kms are told. This file imports no SDK. */
export interface ClientSettings {
  readonly region: string;
  /** Absent: the region's own. */
  readonly endpoint?: string | undefined;
  /** Time one HTTP exchange may take. A caller that long-polls or has seconds only asks for its own. */
  readonly requestTimeoutMs?: number;
  /** Tries in all, the first included. */
  readonly maxAttempts?: number;
}

/** AWS services answer within tens of milliseconds; past one second a new try is the better bet. Okta's answer is due in three. */
const requestTimeoutMs = 1_000;
/** An emulator shares the machine with everything else and has no second host to be retried on. */
const loopbackRequestTimeoutMs = 10_000;
const connectionTimeoutMs = 500;
const loopbackConnectionTimeoutMs = 5_000;
/** One new try covers a socket that died while the environment was frozen; longer outages belong to the queue's or log's own retry. */
const maxAttempts = 2;

const loopbackHost = /^(localhost|127(\.[0-9]{1,3}){3}|\[::1\])$/;

/** Options for any AWS SDK v3 client. Made-up credentials go only to this machine, so that real ones are never looked up for an emulator. */
export function clientOptions(settings: ClientSettings) {
  const local = settings.endpoint !== undefined && loopbackHost.test(new URL(settings.endpoint).hostname);
  return {
    region: settings.region,
    maxAttempts: settings.maxAttempts ?? maxAttempts,
    requestHandler: {
      connectionTimeout: local ? loopbackConnectionTimeoutMs : connectionTimeoutMs,
      requestTimeout: settings.requestTimeoutMs ?? (local ? loopbackRequestTimeoutMs : requestTimeoutMs),
      // Without it the SDK only logs a warning when the time is up, and goes on waiting.
      throwOnRequestTimeout: true,
    },
    ...(settings.endpoint === undefined ? {} : { endpoint: settings.endpoint }),
    ...(local ? { credentials: { accessKeyId: 'local', secretAccessKey: 'local' } } : {}),
  };
}
