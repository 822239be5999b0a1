import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Any answer to a hook's challenge, and pages of subscriptions, for what the relay itself never says. */
export async function startStandInRelay(secret: string): Promise<StandInRelay> {
  const server = createServer((request, response) => relay.answer(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const relay: StandInRelay = {
    url: origin,
    hookUrl: `${origin}/okta/acme/events`,
    answer(request, response) {
      const authentic = request.headers.authorization === secret;
      const verification = request.headers['x-okta-verification-challenge'];
      response
        .writeHead(authentic ? 200 : 401, { 'content-type': 'application/json' })
        .end(authentic ? JSON.stringify({ verification }) : '');
    },
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return relay;
}

export interface StandInRelay {
  readonly url: string;
  readonly hookUrl: string;
  answer: (request: IncomingMessage, response: ServerResponse) => void;
  stop(): Promise<void>;
}
