import { once } from 'node:events';
import { Agent, createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Outage =
  /** Connections are reset. */
  | 'resets'
  /** Requests are taken, and nothing is answered. */
  | 'hangs'
  /** Every answer is a 500. */
  | 'fails';

/** A way to an HTTP service on loopback that can go bad. */
export interface HttpOutage {
  readonly url: string;
  /** Requests that met each outage. */
  readonly met: Readonly<Record<Outage, number>>;
  /** undefined: all is well again; what hangs is then reset. */
  set(outage: Outage | undefined): void;
  stop(): Promise<void>;
}

export async function startHttpOutage(targetUrl: string): Promise<HttpOutage> {
  const target = new URL(targetUrl);
  const agent = new Agent({ keepAlive: true });
  const met = { resets: 0, hangs: 0, fails: 0 };
  const hanging = new Set<IncomingMessage>();
  let outage: Outage | undefined;

  function answer(asked: IncomingMessage, response: ServerResponse): void {
    if (outage === undefined) return forward(asked, response);
    met[outage] += 1;
    if (outage === 'resets') return void asked.socket.resetAndDestroy();
    if (outage === 'hangs') return void hanging.add(asked);
    asked.resume();
    response.writeHead(500, { 'content-type': 'application/x-amz-json-1.0' }).end('{"__type":"InternalFailure"}');
  }
  function forward(asked: IncomingMessage, response: ServerResponse): void {
    const { method, url: path, headers } = asked;
    const forwarded = request({ host: target.hostname, port: target.port, method, path, headers, agent }, (got) => {
      response.writeHead(got.statusCode ?? 502, got.headers);
      got.pipe(response);
    });
    // A service that goes away shows itself as it would without the proxy.
    forwarded.on('error', () => asked.socket.resetAndDestroy());
    asked.pipe(forwarded);
  }

  const server = createServer(answer);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    met,
    set(next) {
      outage = next;
      if (next === 'hangs') return;
      for (const asked of hanging) asked.socket.resetAndDestroy();
      hanging.clear();
    },
    async stop() {
      server.closeAllConnections();
      agent.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
