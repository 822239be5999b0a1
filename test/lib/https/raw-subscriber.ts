import { readFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';

/** One HTTP request as it came over the wire, and the means to answer it with any bytes at all. */
export interface RawRequest {
  readonly head: string;
  readonly body: string;
  /** Counts all requests from 1. */
  readonly number: number;
  /** Counts the requests on its connection from 1. */
  readonly onConnection: number;
  readonly socket: Socket;
}

export interface RawSubscriber {
  readonly port: number;
  readonly requests: RawRequest[];
  connections(): number;
  close(): Promise<void>;
}

export const certificate = readFileSync(new URL('./tls/certificate.pem', import.meta.url), 'utf8');
const key = readFileSync(new URL('./tls/key.pem', import.meta.url), 'utf8');

/** A subscriber without an HTTP server of its own, so that it can misbehave as no HTTP server would. */
export async function startRawSubscriber(
  answer: (request: RawRequest) => void,
  options: { tls?: TlsOptions; onConnection?: (socket: Socket) => void } = {},
): Promise<RawSubscriber> {
  const requests: RawRequest[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;

  const accept = (socket: Socket): void => {
    connections += 1;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    // The sender cuts connections on purpose; what this end makes of it is not under test.
    socket.on('error', () => undefined);
    if (options.onConnection) return options.onConnection(socket);
    let received = Buffer.alloc(0);
    let onConnection = 0;
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      const headEnd = received.indexOf('\r\n\r\n');
      const head = received.subarray(0, headEnd).toString('latin1');
      const length = Number(/\r\ncontent-length: ([0-9]+)/i.exec(head)?.[1] ?? 0);
      if (headEnd === -1 || received.length < headEnd + 4 + length) return;
      const body = received.subarray(headEnd + 4, headEnd + 4 + length).toString('utf8');
      received = received.subarray(headEnd + 4 + length);
      onConnection += 1;
      const request = { head, body, number: requests.length + 1, onConnection, socket };
      requests.push(request);
      answer(request);
    });
  };
  const server: Server =
    options.tls === undefined ? createServer(accept) : createTlsServer({ cert: certificate, key, ...options.tls }, accept);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    requests,
    connections: () => connections,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export const ok = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';
