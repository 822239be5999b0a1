import type { APIGatewayProxyEventV2 } from 'aws-lambda';

/** One HTTP request as it came through API Gateway (HTTP API, payload format 2.0), or through a gateway that speaks the same. */
export interface HttpRequest {
  /** Upper case. */
  readonly method: string;
  /** Without the stage and without the query string; begins with `/`. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Names in lower case; the values of a repeated header are joined by commas, as HTTP APIs do. */
  readonly headers: ReadonlyMap<string, string>;
  /** Byte for byte as sent. */
  readonly body: Uint8Array;
  /** The gateway's own time of the request, epoch milliseconds. */
  readonly sentAtMs: number;
}

/**
 * Reads the event. Everything but the request line is optional, so that an odd event ends in an answer, not in an exception.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
 */
export function readHttpRequest(event: APIGatewayProxyEventV2): HttpRequest {
  const { http, stage, timeEpoch } = event.requestContext;
  return {
    method: http.method.toUpperCase(),
    path: withoutStage(event.rawPath, stage),
    query: new URLSearchParams(event.rawQueryString),
    headers: headersOf(event),
    body: Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8'),
    sentAtMs: timeEpoch,
  };
}

/** A named stage is the first part of `rawPath`; the stage `$default` is not. */
function withoutStage(rawPath: string, stage: string): string {
  const prefix = `/${stage}`;
  return stage !== '$default' && rawPath.startsWith(`${prefix}/`) ? rawPath.slice(prefix.length) : rawPath;
}

function headersOf({ headers: given = {} }: { headers?: APIGatewayProxyEventV2['headers'] }): ReadonlyMap<string, string> {
  const headers = new Map<string, string>();
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue;
    const key = name.toLowerCase();
    const before = headers.get(key);
    headers.set(key, before === undefined ? value : `${before},${value}`);
  }
  return headers;
}
