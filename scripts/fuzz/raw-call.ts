import type { readHttpRequest } from '#lib/http/request.ts';
import { noon } from '../../test/lib/okta/authenticity-fixtures.ts';

/** What API Gateway hands to a function. */
export type GatewayEvent = Parameters<typeof readHttpRequest>[0];

/** `GET /path?query`, header lines, an empty line and a body, as a call that API Gateway passes on (payload format 2.0). */
export function gatewayEvent(input: Uint8Array): GatewayEvent {
  const text = Buffer.from(input).toString('latin1');
  const headEnd = text.indexOf('\n\n');
  const head = headEnd === -1 ? text : text.slice(0, headEnd);
  const [line = '', ...headerLines] = head.split('\n');
  const [method = '', target = ''] = line.split(' ', 2);
  const [rawPath = '', rawQueryString = ''] = target.split('?', 2);
  const headers = headerLines.flatMap((header) => {
    const colon = header.indexOf(':');
    return colon < 1 ? [] : [[header.slice(0, colon), header.slice(colon + 1).trim()]];
  });
  const body = headEnd === -1 ? '' : text.slice(headEnd + 2);
  // The rest of the event is the gateway's own and nobody's input.
  return {
    version: '2.0',
    rawPath,
    rawQueryString,
    headers: Object.fromEntries(headers) as Record<string, string>,
    requestContext: { http: { method, path: rawPath }, stage: '$default', timeEpoch: noon.getTime() },
    body: Buffer.from(body, 'latin1').toString('base64'),
    isBase64Encoded: true,
  } as unknown as GatewayEvent;
}
