import type { AttemptError } from '../delivery/delivery.ts';
import { AddressRefused } from './guarded-connector.ts';
import { NameNotResolved } from './resolve-host.ts';

/** Thrown into an exchange whose time is up. */
export class AttemptTimedOut extends Error {
  override readonly name = 'AttemptTimedOut';
}

/** Thrown into an exchange that brings interim answers (1xx) without end. */
export class TooManyInterimAnswers extends Error {
  override readonly name = 'TooManyInterimAnswers';
}

/** Thrown into an exchange that is answered with another protocol than HTTP. */
export class ProtocolSwitched extends Error {
  override readonly name = 'ProtocolSwitched';
}

/** Error codes of Node and OpenSSL, and what they mean for an attempt. */
const codes: ReadonlyMap<string, AttemptError> = new Map<string, AttemptError>([
  ['ECONNREFUSED', 'connection-refused'],
  ['ECONNRESET', 'connection-reset'],
  ['ECONNABORTED', 'connection-reset'],
  ['EPIPE', 'connection-reset'],
  ['ETIMEDOUT', 'timeout'],
  ['ENETUNREACH', 'network-unreachable'],
  ['ENETDOWN', 'network-unreachable'],
  ['EHOSTUNREACH', 'network-unreachable'],
  ['EHOSTDOWN', 'network-unreachable'],
  ['EADDRNOTAVAIL', 'network-unreachable'],
  ['EPROTO', 'tls'],
]);

/** Families of codes: Node's HTTP parser, Node's and OpenSSL's TLS, X.509 verification. */
const families: readonly (readonly [RegExp, AttemptError])[] = [
  [/^HPE_/, 'invalid-response'],
  [/^ERR_(TLS|SSL)_/, 'tls'],
  [/^(CERT_|UNABLE_TO_|CRL_|ERROR_IN_CERT|ERROR_IN_CRL)/, 'tls'],
  [
    /^(DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_EXCEEDED|HOSTNAME_MISMATCH|OUT_OF_MEM)$/,
    'tls',
  ],
];

/** Total: an error nobody has thought of is `unknown`, which means a bug. */
export function attemptErrorOf(error: unknown): AttemptError {
  if (error instanceof AttemptTimedOut) return 'timeout';
  if (error instanceof TooManyInterimAnswers || error instanceof ProtocolSwitched) return 'invalid-response';
  if (error instanceof AddressRefused) return 'address-refused';
  if (error instanceof NameNotResolved) return 'dns';
  if (!(error instanceof Error)) return 'unknown';
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const known = codes.get(code) ?? families.find(([pattern]) => pattern.test(code))?.[1];
  if (known !== undefined) return known;
  // All addresses of a name failed: the first is as good an answer as any.
  return error instanceof AggregateError ? attemptErrorOf(error.errors[0]) : 'unknown';
}

/** Class and code: what is safe to log of a foreign error. */
export function attemptDetailOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  return 'code' in error && typeof error.code === 'string' ? `${error.name} ${error.code}` : error.name;
}
