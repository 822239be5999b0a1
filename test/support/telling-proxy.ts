import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface TellingProxy {
  readonly url: string;
  /** Operations since they were last cleared, each once. */
  readonly operations: Set<string>;
  /** From now on this operation fails, and the answer repeats all that was sent. Undefined: none does. */
  fail(operation: string | undefined): void;
  stop(): Promise<void>;
}

/** Stands before an emulator of AWS. The operation it is told to fail is refused with a message that repeats the request, as some services do. */
export async function startTellingProxy(targetUrl: string): Promise<TellingProxy> {
  const operations = new Set<string>();
  let failing: string | undefined;
  const target = new URL(targetUrl);

  const answer = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = Buffer.concat(await incoming.toArray());
    const operation =
      String(incoming.headers['x-amz-target'] ?? incoming.method)
        .split('.')
        .at(-1) ?? '';
    operations.add(operation);
    if (operation === failing) return refuse(response, incoming, body);
    const { method, url: path, headers } = incoming;
    const onward = request({ host: target.hostname, port: target.port, method, path, headers }, (upstream) => {
      response.writeHead(upstream.statusCode ?? 502, upstream.headers);
      upstream.pipe(response);
    });
    onward.on('error', () => response.destroy());
    onward.end(body);
  };
  const server = createServer((incoming, response) => {
    // A request that broke off shows itself to the client as a broken connection.
    answer(incoming, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A server that listens on TCP has a port.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    operations,
    fail: (operation) => void (failing = operation),
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => {
          resolve();
        });
      }),
  };
}

function refuse(response: ServerResponse, incoming: IncomingMessage, body: Buffer): void {
  const message = `Refused: ${body.toString('utf8')}`;
  if (incoming.headers['x-amz-target'] !== undefined) {
    response.writeHead(400, { 'content-type': 'application/x-amz-json-1.0' });
    response.end(JSON.stringify({ __type: 'com.amazonaws#ValidationException', message }));
    return;
  }
  const text = message.replace(/[&<]/g, (sign) => (sign === '&' ? '&amp;' : '&lt;'));
  response.writeHead(400, { 'content-type': 'application/xml' });
  response.end(`<Error><Code>InvalidRequest</Code><Message>${text}</Message></Error>`);
}
