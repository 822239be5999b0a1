import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A subscriber's endpoint as the bench needs it: it is told of each webhook, by id and time of arrival, and answers when and what it likes. */
export interface Receiver {
  readonly url: string;
  readonly requests: () => number;
  close(): Promise<void>;
}

export type Answering = (response: ServerResponse) => void;

/** Takes everything, at once. */
export const well: Answering = (response) => response.writeHead(204).end();
/** Takes nothing. */
export const failing: Answering = (response) => response.writeHead(500).end();
/** Takes everything, but just before an attempt's 15 s are over. */
export const slow: Answering = (response) => {
  const slowMs = 14_000;
  const timer = setTimeout(() => well(response), slowMs);
  response.once('close', () => clearTimeout(timer));
};

/** @param onArrival called when the whole request is there, with its `webhook-id` */
export async function openReceiver(answering: Answering, onArrival: (id: string) => void): Promise<Receiver> {
  let requests = 0;
  const server = createServer((request: IncomingMessage, response) => {
    request.resume();
    request.on('end', () => {
      requests += 1;
      onArrival(String(request.headers['webhook-id']));
      answering(response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks`,
    requests: () => requests,
    async close() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
