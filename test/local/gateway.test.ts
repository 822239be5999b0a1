import { request } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { startGateway, type Gateway } from '../../local/gateway.ts';
import { FunctionTimeout } from '../../local/lambda.ts';

let gateway: Gateway;
afterEach(() => gateway.stop());

/** A gateway whose functions answer 200 and keep the events they were given. */
async function recording(answer: () => unknown = () => ({ statusCode: 200 })) {
  const events: APIGatewayProxyEventV2[] = [];
  const route = async (event: unknown) => {
    events.push(event as APIGatewayProxyEventV2);
    return answer();
  };
  gateway = await startGateway({ port: 0, okta: route, admin: route, onError: () => undefined });
  return events;
}

describe('the gateway', () => {
  it('hands on a JSON body as text, byte for byte, with header names in lower case', async () => {
    const events = await recording();
    await fetch(`${gateway.url}/okta/acme/events?a=1`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'X-Relay-Key': 'S' },
      body: ' {"ü": 1}\n',
    });
    expect(events[0]).toMatchObject({
      version: '2.0',
      rawPath: '/okta/acme/events',
      rawQueryString: 'a=1',
      pathParameters: { orgId: 'acme' },
      body: ' {"ü": 1}\n',
      isBase64Encoded: false,
      headers: { 'content-type': 'application/json', 'x-relay-key': 'S' },
      requestContext: { http: { method: 'POST' } },
    });
  });

  it.each([
    ['application/octet-stream', Buffer.from('plain')],
    ['application/json', Buffer.from([0x7b, 0xff, 0x7d])],
    ['', Buffer.from('untyped')],
  ])('hands on bytes of type "%s" in base64 when they are not text', async (type, bytes) => {
    const events = await recording();
    await fetch(`${gateway.url}/okta/acme/events`, { method: 'POST', headers: type === '' ? {} : { 'content-type': type }, body: bytes });
    expect(events[0]?.isBase64Encoded).toBe(true);
    expect(Buffer.from(events[0]?.body ?? '', 'base64')).toEqual(bytes);
  });

  it('joins repeated headers by commas', async () => {
    const events = await recording();
    await new Promise((resolve) =>
      request(`${gateway.url}/okta/acme/events`, { headers: { 'x-relay-key': ['one', 'two'] } }, (response) =>
        resolve(response.resume()),
      ).end(),
    );
    expect(events[0]?.headers['x-relay-key']).toBe('one,two');
  });

  it('answers 404 where it has no route, 413 past ten megabytes, and neither reaches a function', async () => {
    const events = await recording();
    expect((await fetch(`${gateway.url}/elsewhere`)).status).toBe(404);
    expect((await fetch(`${gateway.url}/okta/acme/events`, { method: 'POST', body: Buffer.alloc(11 * 1024 * 1024) })).status).toBe(413);
    expect(events).toEqual([]);
  });

  it('answers 500 for a function that throws and 503 for one that is late, telling nothing of why', async () => {
    const errors = [new Error('secret inside'), new FunctionTimeout('late')];
    await recording(() => {
      throw errors.shift() as Error;
    });
    const first = await fetch(`${gateway.url}/v1/subscriptions`);
    expect([first.status, await first.json()]).toEqual([500, { message: 'Internal Server Error' }]);
    expect((await fetch(`${gateway.url}/v1/subscriptions`)).status).toBe(503);
  });

  it('passes on status, headers and a base64 body of the function', async () => {
    await recording(() => ({
      statusCode: 201,
      headers: { location: '/v1/x' },
      body: Buffer.from([1, 2]).toString('base64'),
      isBase64Encoded: true,
    }));
    const response = await fetch(`${gateway.url}/v1/subscriptions`);
    expect([response.status, response.headers.get('location'), [...(await response.bytes())]]).toEqual([201, '/v1/x', [1, 2]]);
  });
});
