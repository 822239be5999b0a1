import { describe, expect, it } from 'vitest';
import { RelayError } from '#lib/errors.ts';
import { answerHook, readHookRequest } from '#lib/http/hook-endpoint.ts';
import type { HookOutcome } from '#lib/intake/hook-outcome.ts';
import { orgIdSchema } from '#lib/okta/org.ts';
import { goldenEvent } from '../../fixtures/aws/http-api-events.ts';

const org = orgIdSchema.parse('acme');

describe('the answers of the contract', () => {
  it.each<[HookOutcome, number, Record<string, string>, string]>([
    [{ kind: 'accepted', org, events: 1, changes: 1, reasons: [], traceparent: '' }, 200, {}, ''],
    [{ kind: 'accepted', org, events: 1, changes: 0, reasons: ['event-without-uuid'], traceparent: '' }, 200, {}, ''],
    [{ kind: 'quarantined', org, reason: 'not-json' }, 200, {}, ''],
    [{ kind: 'challenged', org, verification: 'a"b' }, 200, { 'content-type': 'application/json' }, '{"verification":"a\\"b"}'],
    [{ kind: 'refused' }, 401, {}, ''],
    [{ kind: 'challenge-missing', org }, 400, {}, ''],
    [{ kind: 'other-path', org }, 404, {}, ''],
    [{ kind: 'other-method', org }, 405, { allow: 'GET, POST' }, ''],
    [{ kind: 'unavailable', error: new RelayError('CHANGE_LOG_UNAVAILABLE', 'detail for the log') }, 503, {}, ''],
  ])('%o', (outcome, statusCode, headers, body) => {
    expect(answerHook(outcome)).toEqual({ statusCode, headers, body });
  });
});

describe('what is asked for', () => {
  it.each([
    ['GET', '/okta/acme/events', 'acme', 'challenge'],
    ['POST', '/okta/acme/events', 'acme', 'events'],
    ['PUT', '/okta/acme/events', 'acme', 'other-method'],
    ['HEAD', '/okta/acme/events', 'acme', 'other-method'],
    ['POST', '/okta/acme', 'acme', 'other-path'],
    ['POST', '/okta/acme/events/', 'acme', 'other-path'],
    ['POST', '/okta/acme/events/more', 'acme', 'other-path'],
    ['POST', '/okta/ACME/events', 'ACME', 'events'],
    ['POST', '/okta//events', '', 'other-path'],
    ['POST', '/v1/subscriptions', '', 'other-path'],
    ['POST', '/', '', 'other-path'],
  ])('%s %s', (method, rawPath, orgId, target) => {
    const golden = goldenEvent('events-post');
    const http = { ...golden.requestContext.http, method };
    expect(readHookRequest({ ...golden, rawPath, requestContext: { ...golden.requestContext, http } })).toMatchObject({ orgId, target });
  });
});
