import { describe, expect, it } from 'vitest';
import { attemptErrors } from '#lib/delivery/delivery.ts';
import { attemptDetailOf, attemptErrorOf } from '#lib/https/attempt-error.ts';
import fc from 'fast-check';

const withCode = (code: string): Error => Object.assign(new Error('of example.com'), { code });

describe('classifying what broke an attempt', () => {
  it.each([
    ['ECONNREFUSED', 'connection-refused'],
    ['ECONNRESET', 'connection-reset'],
    ['EPIPE', 'connection-reset'],
    ['ETIMEDOUT', 'timeout'],
    ['ENETUNREACH', 'network-unreachable'],
    ['EHOSTUNREACH', 'network-unreachable'],
    ['EADDRNOTAVAIL', 'network-unreachable'],
    ['HPE_HEADER_OVERFLOW', 'invalid-response'],
    ['HPE_INVALID_CONSTANT', 'invalid-response'],
    ['CERT_HAS_EXPIRED', 'tls'],
    ['CERT_NOT_YET_VALID', 'tls'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'tls'],
    ['SELF_SIGNED_CERT_IN_CHAIN', 'tls'],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'tls'],
    ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'tls'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'tls'],
    ['ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', 'tls'],
    ['EPROTO', 'tls'],
    ['ERR_INVALID_CHAR', 'unknown'],
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
