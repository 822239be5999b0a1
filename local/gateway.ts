import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { RelayError } from '#lib/errors.ts';
import { httpApiEvent } from './http-api-event.ts';
import { FunctionTimeout } from './lambda.ts';

/** An HTTP API takes bodies up to 10 MB. */
const maxRequestBytes = 10 * 1024 * 1024;
/** A synchronous Lambda invocation takes 6 MB of event. */
const maxEventBytes = 6 * 1024 * 1024;

export interface Gateway {
  readonly url: string;
  /** Waits for requests in hand, then closes. */
  stop(): Promise<void>;
}

export type Route = (event: unknown) => Promise<unknown>;

/**
 * The HTTP API in front of the functions: `/okta/*` to receive-hook, `/v1/*` to admin. What API Gateway answers by itself
 * (no route, too large, function failed or late) it answers likewise.
 */
export async function startGateway(options: { port: number; okta: Route; admin: Route; onError(error: unknown): void }): Promise<Gateway> {
  const routeOf = (path: string): Route | undefined =>
    path.startsWith('/okta/') ? options.okta : path.startsWith('/v1/') ? options.admin : undefined;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const route = routeOf(request.url ?? '/');
    const body = await readBody(request);
    if (route === undefined) return reply(response, 404, 'Not Found');
    if (body === 'too-large') return reply(response, 413, 'Request Entity Too Large');
    const event = httpApiEvent(request, body, new Date());
    if (Buffer.byteLength(JSON.stringify(event)) > maxEventBytes) return reply(response, 413, 'Request Entity Too Large');
    try {
      send(response, (await route(event)) as APIGatewayProxyStructuredResultV2, request.method === 'HEAD');
    } catch (error) {
      options.onError(error);
      const late = error instanceof FunctionTimeout;
      reply(response, late ? 503 : 500, late ? 'Service Unavailable' : 'Internal Server Error');
    }
  }

  const server = createServer((request, response) => {
    // A request that breaks off while its body is read has nobody left to answer.
    answer(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(portError(options.port, error)));
    server.listen(options.port, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
        setTimeout(() => server.closeAllConnections(), 3_000).unref();
      }),
  };
}

function portError(port: number, error: NodeJS.ErrnoException): RelayError {
  const reason = error.code === 'EADDRINUSE' ? 'is taken by another program' : `cannot be used (${error.code ?? error.message})`;
  return new RelayError('LOCAL_START_FAILED', `port ${port} on 127.0.0.1 ${reason}: choose another by --port (0: any free one)`, {
    cause: error,
  });
}

/** Reads to the end even when it is too large, so that the sender gets to read the answer. */
async function readBody(request: IncomingMessage): Promise<Buffer | 'too-large'> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= maxRequestBytes) chunks.push(chunk);
    else chunks.length = 0;
  }
  return bytes > maxRequestBytes ? 'too-large' : Buffer.concat(chunks);
}

function send(response: ServerResponse, result: APIGatewayProxyStructuredResultV2, headOnly: boolean): void {
  const body = Buffer.from(result.body ?? '', result.isBase64Encoded === true ? 'base64' : 'utf8');
  for (const [name, value] of Object.entries(result.headers ?? {})) response.setHeader(name, String(value));
  response.setHeader('content-length', body.length);
  response.writeHead(result.statusCode ?? 200);
  response.end(headOnly ? undefined : body);
}

function reply(response: ServerResponse, status: number, message: string): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ message }));
}
