import { describe, expect, it } from 'vitest';
import {
  KafkaJSConnectionError,
  KafkaJSNonRetriableError,
  KafkaJSNumberOfRetriesExceeded,
  KafkaJSProtocolError,
  KafkaJSRequestTimeoutError,
} from 'kafkajs';
import { DeadlinePassed } from '#lib/kafka/deadline.ts';
import { failureReason, refusesIdempotence } from '#lib/kafka/failure-reason.ts';
import { assertAllAnswered } from '#lib/kafka/producer-session.ts';

/** A broker's refusal as kafkajs throws it. */
function refusal(type: string, code: number): Error {
  return new KafkaJSProtocolError(Object.assign(new Error(type), { type, code, retriable: false, name: 'KafkaJSProtocolError' }));
}

/** kafkajs's types know no constructor for this one. */
function named(name: string): Error {
  return Object.assign(new Error('no'), { name });
}

describe('failureReason', () => {
  it.each([
    [new DeadlinePassed('late'), 'timeout'],
    [
      new KafkaJSRequestTimeoutError(new Error('late'), {
        broker: 'b',
        clientId: 'c',
        createdAt: 0,
        correlationId: 0,
        sentAt: 0,
        pendingDuration: 0,
      }),
      'timeout',
    ],
    [new KafkaJSConnectionError(new Error('gone')), 'connection'],
    [named('KafkaJSSASLAuthenticationError'), 'authentication'],
    [refusal('TOPIC_AUTHORIZATION_FAILED', 29), 'authorization'],
    [refusal('MESSAGE_TOO_LARGE', 10), 'too-large'],
    [refusal('UNKNOWN_TOPIC_OR_PARTITION', 3), 'no-topic'],
    [refusal('NOT_ENOUGH_REPLICAS', 19), 'too-few-replicas'],
    [refusal('OUT_OF_ORDER_SEQUENCE_NUMBER', 45), 'refused'],
    [new KafkaJSNonRetriableError('Invalid topic'), 'refused'],
    [new TypeError('a bug'), 'unknown'],
    ['not even an error', 'unknown'],
  ])('reads %s', (error, reason) => {
    expect(failureReason(error).reason).toBe(reason);
  });

  it('looks through what kafkajs wraps around the last of its retries', () => {
    const wrapped = new KafkaJSNumberOfRetriesExceeded(new KafkaJSConnectionError(new Error('gone')), { retryCount: 3, retryTime: 50 });
    expect(failureReason(wrapped)).toEqual({ reason: 'connection', kafkaError: 'KafkaJSConnectionError' });
  });
});

describe('refusesIdempotence', () => {
  it('knows a refusal from a failure', () => {
    expect(refusesIdempotence(refusal('CLUSTER_AUTHORIZATION_FAILED', 31))).toBe(true);
    expect(refusesIdempotence(refusal('TOPIC_AUTHORIZATION_FAILED', 29))).toBe(false);
    expect(refusesIdempotence(new KafkaJSConnectionError(new Error('gone')))).toBe(false);
  });
});

describe('assertAllAnswered', () => {
  it('takes a partition that no broker answered for as a failure', () => {
    expect(() => assertAllAnswered(new Set([1, 2]), new Set([1]))).toThrow('partition 2');
    expect(() => assertAllAnswered(new Set([1, 2]), new Set([2, 1, 3]))).not.toThrow();
  });
});
