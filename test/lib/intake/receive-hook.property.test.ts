import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { answerHook, readHookRequest } from '#lib/http/hook-endpoint.ts';
import { receiveHook } from '#lib/intake/receive-hook.ts';
import { digestOf } from '#lib/okta/secret-digest.ts';
import { headerScheme, noon, orgWith, sealedAs } from '../okta/authenticity-fixtures.ts';
import { inMemoryHooks } from './in-memory-ports.ts';
import { hookBody, oktaEvent } from './events.ts';

const acme = orgWith(
  headerScheme('right'),
  { kind: 'basic', digests: [digestOf('okta:right')] },
  { kind: 'hmac', secrets: [sealedAs('key')] },
);
const right = ['right', `Basic ${Buffer.from('okta:right').toString('base64')}`] as const;

const anyText = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.constantFrom('__proto__', '\ud800', '\u0000', '', 'constructor'));
const authorization = fc.oneof(
  fc.constantFrom(...right),
  anyText,
  anyText.map((text) => `Basic ${text}`),
  fc.constant(undefined),
);
const headers = fc.tuple(
  fc.dictionary(anyText, fc.oneof(anyText, fc.constant(undefined)), { maxKeys: 4 }),
  fc.record({ name: fc.constantFrom('authorization', 'Authorization', 'AUTHORIZATION'), value: authorization }),
  fc.record(
    {
      'x-okta-verification-challenge': anyText,
      'x-relay-signature': fc.oneof(anyText, fc.stringMatching(/^v1=[0-9a-f]{64}$/)),
      'x-relay-timestamp': fc.oneof(anyText, fc.nat().map(String)),
      traceparent: anyText,
    },
    { requiredKeys: [] },
  ),
);

const event = fc.oneof(
  fc.json().map((text) => JSON.parse(text) as unknown),
  fc.record(
    {
      uuid: anyText,
      published: fc.oneof(anyText, fc.constant('2026-11-21T11:00:00Z')),
      eventType: fc.oneof(anyText, fc.constant('user.lifecycle.create')),
      target: fc.anything(),
    },
    { requiredKeys: [] },
  ),
  anyText.map((uuid) => oktaEvent(uuid)),
);
const body = fc.oneof(
  fc.constant(undefined),
  anyText,
  fc.json(),
  fc.array(event, { maxLength: 5 }).map((events) => hookBody(events.map((one) => JSON.parse(JSON.stringify(one)) as unknown))),
  fc.uint8Array({ maxLength: 64 }),
);
const path = fc.oneof(
  { weight: 6, arbitrary: fc.constant('/okta/acme/events') },
  fc.constantFrom('/okta/acme/other', '/okta/nobody/events', '/okta//events', '/', '', '/okta/acme/events/'),
  anyText.map((text) => `/okta/${text}/events`),
);
const method = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('GET', 'POST') },
  fc.constantFrom('PUT', 'HEAD', 'OPTIONS', 'post', 'DELETE'),
  anyText,
);

const request = fc.record({ method, path, headers, body }).map(({ method, path, headers: [any, auth, known], body }) => {
  const given = { ...any, ...known, ...(auth.value === undefined ? {} : { [auth.name]: auth.value }) };
  return {
    version: '2.0',
    rawPath: path,
    rawQueryString: '',
    headers: given,
    requestContext: { http: { method, path }, stage: '$default', timeEpoch: noon.getTime() },
    ...(body === undefined
      ? {}
      : typeof body === 'string'
        ? { body, isBase64Encoded: false }
        : { body: Buffer.from(body).toString('base64'), isBase64Encoded: true }),
    // The parts that are read; the rest of an event is not.
  } as unknown as APIGatewayProxyEventV2;
});

/** What the table of the contract says a sender is who he says, told from the request alone: none of the random ones is signed. */
function isAuthentic(event: APIGatewayProxyEventV2): boolean {
  const given = Object.entries(event.headers)
    .filter(([name]) => name.toLowerCase() === 'authorization')
    .map(([, value]) => value ?? '');
  const credentials = /^basic +(.*)$/i.exec(given.join(','))?.[1];
  const isBasic = credentials !== undefined && Buffer.from(credentials, 'base64').toString('utf8') === 'okta:right';
  return event.rawPath.startsWith('/okta/acme/') && (given.join(',') === 'right' || isBasic);
}

describe('10,000 requests of any kind', () => {
  it('end in an answer of the table, 401 exactly when nothing is proved, and never in 5xx', async () => {
    const { parts, log, quarantine } = inMemoryHooks(acme);
    const seen = new Map<number, number>();
    await fc.assert(
      fc.asyncProperty(request, async (event) => {
        const response = answerHook(await receiveHook(readHookRequest(event), parts));
        seen.set(response.statusCode, (seen.get(response.statusCode) ?? 0) + 1);
        expect([200, 400, 401, 404, 405]).toContain(response.statusCode);
        expect(response.statusCode === 401).toBe(!isAuthentic(event));
      }),
      { numRuns: 10_000 },
    );
    // The generators reach every answer, the log and quarantine; else the claim above would say little.
    expect([...seen.keys()].sort()).toEqual([200, 400, 401, 404, 405]);
    expect(Math.min(...seen.values(), log.records.length, quarantine.entries.size)).toBeGreaterThan(20);
  }, 60_000);

  it('with ports out of reach end in 503 or an answer that needs none of them', async () => {
    const { parts, log, quarantine } = inMemoryHooks(acme);
    log.health = 'unreachable';
    quarantine.health = 'unreachable';
    await fc.assert(
      fc.asyncProperty(request, async (event) => {
        const outcome = await receiveHook(readHookRequest(event), parts);
        expect(['unavailable', 'challenged', 'refused', 'challenge-missing', 'other-method', 'other-path']).toContain(outcome.kind);
      }),
      { numRuns: 500 },
    );
  });
});
