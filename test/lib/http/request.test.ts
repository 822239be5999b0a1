import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { describe, expect, it } from 'vitest';
import { readHttpRequest } from '#lib/http/request.ts';
import { goldenEvent } from '../../fixtures/aws/http-api-events.ts';

const event = (more: Partial<APIGatewayProxyEventV2> = {}) => ({ ...goldenEvent('events-post'), ...more });

describe('bodies', () => {
  it('come as the bytes that were sent', () => {
    const bytes = Buffer.from([0xff, 0x00, 0x7b]);
    expect(readHttpRequest(event({ body: bytes.toString('base64'), isBase64Encoded: true })).body).toEqual(bytes);
    expect(readHttpRequest(event({ body: 'käse', isBase64Encoded: false })).body).toEqual(Buffer.from('käse', 'utf8'));
  });

  it('may be missing', () => {
    const { body: _body, ...without } = event();
    expect(readHttpRequest(without).body.length).toBe(0);
  });
});

describe('headers', () => {
  it('are found in lower case, joined by commas, and reach no prototype', () => {
    const { headers } = readHttpRequest(
      event({ headers: { 'X-A': '1', 'x-a': '2', AUTHORIZATION: 's', ['__proto__']: 'p', 'x-none': undefined } }),
    );
    expect([...headers]).toEqual([
      ['x-a', '1,2'],
      ['authorization', 's'],
      ['__proto__', 'p'],
    ]);
    expect(headers.get('constructor')).toBeUndefined();
  });
});

describe('paths', () => {
  it.each([
    ['$default', '/okta/acme/events', '/okta/acme/events'],
    ['prod', '/prod/okta/acme/events', '/okta/acme/events'],
    ['prod', '/okta/acme/events', '/okta/acme/events'],
    ['okta', '/okta/okta/acme/events', '/okta/acme/events'],
  ])('lose the stage %s: %s', (stage, rawPath, path) => {
    const { requestContext } = event();
    expect(readHttpRequest(event({ rawPath, requestContext: { ...requestContext, stage } })).path).toBe(path);
  });
});

it('has the method in upper case, the query and the time', () => {
  const golden = event({ rawQueryString: 'limit=5&status=dead' });
  const { method, query, sentAtMs } = readHttpRequest(golden);
  expect([method, query.get('status'), sentAtMs]).toEqual(['POST', 'dead', golden.requestContext.timeEpoch]);
});
