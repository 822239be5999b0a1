import { describe, expect, it } from 'vitest';
import { attemptErrors } from '#lib/delivery/delivery.ts';
import { attemptDetailOf, attemptErrorOf } from '#lib/undici/attempt-error.ts';
import fc from 'fast-check';

const withCode = (code: string): Error => Object.assign(new Error('of example.com'), { code });

describe('classifying what broke an attempt', () => {
  it.each([
    ['ECONNREFUSED', 'connection-refused'],
    ['ECONNRESET', 'connection-reset'],
    ['EPIPE', 'connection-reset'],
    ['UND_ERR_SOCKET', 'connection-reset'],
    ['ETIMEDOUT', 'timeout'],
    ['UND_ERR_CONNECT_TIMEOUT', 'timeout'],
    ['ENETUNREACH', 'network-unreachable'],
    ['EHOSTUNREACH', 'network-unreachable'],
    ['EADDRNOTAVAIL', 'network-unreachable'],
    ['UND_ERR_HEADERS_OVERFLOW', 'invalid-response'],
    ['UND_ERR_RES_CONTENT_LENGTH_MISMATCH', 'invalid-response'],
    ['CERT_HAS_EXPIRED', 'tls'],
    ['CERT_NOT_YET_VALID', 'tls'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'tls'],
    ['SELF_SIGNED_CERT_IN_CHAIN', 'tls'],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'tls'],
    ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'tls'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'tls'],
    ['ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', 'tls'],
    ['EPROTO', 'tls'],
    ['UND_ERR_INVALID_ARG', 'unknown'],
    ['toString', 'unknown'],
    ['', 'unknown'],
  ])('%s is %s', (code, expected) => {
    expect(attemptErrorOf(withCode(code))).toBe(expected);
  });

  it('takes the first of the addresses that failed', () => {
    expect(attemptErrorOf(new AggregateError([withCode('EHOSTUNREACH'), withCode('ECONNREFUSED')]))).toBe('network-unreachable');
    expect(attemptErrorOf(new AggregateError([]))).toBe('unknown');
  });

  it('is total', () => {
    fc.assert(
      fc.property(fc.oneof(fc.anything(), fc.string().map(withCode)), (thrown) => {
        expect(attemptErrors).toContain(attemptErrorOf(thrown));
      }),
    );
  });

  it('repeats no message in what is logged', () => {
    expect(attemptDetailOf(withCode('ECONNRESET'))).toBe('Error ECONNRESET');
    expect(attemptDetailOf('secret')).toBe('string');
  });
});
