import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';

/** Media types that an HTTP API passes on as text; any other body arrives base64-encoded. */
const textTypes = /^(text\/|application\/(json|xml|javascript)\b|application\/[^;]*\+(json|xml)\b)/i;

/**
 * The event an HTTP API (payload format 2.0) would make of this request: header names in lower case, repeated headers
 * joined by commas, cookies apart. A text body that is not UTF-8 is passed on in base64, so that not a byte changes.
 */
export function httpApiEvent(request: IncomingMessage, body: Buffer, now: Date): APIGatewayProxyEventV2 {
  const target = request.url ?? '/';
  const queryAt = target.indexOf('?');
  const rawPath = queryAt === -1 ? target : target.slice(0, queryAt);
  const rawQueryString = queryAt === -1 ? '' : target.slice(queryAt + 1);
  const query = Object.fromEntries(new URLSearchParams(rawQueryString));
  const orgId = /^\/okta\/([^/]+)/.exec(rawPath)?.[1];
  const routeKey = rawPath.startsWith('/okta/') ? 'ANY /okta/{orgId}/{proxy+}' : 'ANY /v1/{proxy+}';
  return {
    version: '2.0',
    routeKey,
    rawPath,
    rawQueryString,
    headers: joinedHeaders(request),
    ...(Object.keys(query).length === 0 ? {} : { queryStringParameters: query }),
    ...(orgId === undefined ? {} : { pathParameters: { orgId: decoded(orgId) } }),
    requestContext: {
      accountId: '000000000000',
      apiId: 'local',
      domainName: request.headers.host ?? 'localhost',
      domainPrefix: 'local',
      http: {
        method: request.method ?? 'GET',
        path: rawPath,
        protocol: `HTTP/${request.httpVersion}`,
        sourceIp: request.socket.remoteAddress ?? '',
        userAgent: request.headers['user-agent'] ?? '',
      },
      requestId: randomUUID(),
      routeKey,
      stage: '$default',
      time: now.toUTCString(),
      timeEpoch: now.getTime(),
    },
    ...bodyOf(body, request.headers['content-type'] ?? ''),
  };
}

function bodyOf(body: Buffer, contentType: string): Pick<APIGatewayProxyEventV2, 'body' | 'isBase64Encoded'> {
  if (body.length === 0) return { isBase64Encoded: false };
  if (textTypes.test(contentType)) {
    const text = body.toString('utf8');
    if (Buffer.from(text, 'utf8').equals(body)) return { body: text, isBase64Encoded: false };
  }
  return { body: body.toString('base64'), isBase64Encoded: true };
}

function joinedHeaders(request: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, values] of Object.entries(request.headersDistinct)) {
    if (values !== undefined && name !== 'cookie') headers[name] = values.join(',');
  }
  return headers;
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    // A malformed escape is the sender's doing; the raw text names no org, which is answered like any unknown one.
    return segment;
  }
}
