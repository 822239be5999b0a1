import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { SignedWebhook } from '../support/signature-verifiers.ts';

export interface CanaryReceiver {
  /** Where a subscriber of this name listens. One whose name begins with `gone` answers 410; `naming` answers with the name in what it was sent. */
  urlOf(name: string): string;
  /** What it was sent, byte for byte, in the order it came. */
  receivedBy(name: string): readonly SignedWebhook[];
  close(): Promise<void>;
}

/** Subscribers that keep what they get as it came. Each answer has a text, which the relay may keep and show. */
export async function startCanaryReceiver(text: string): Promise<CanaryReceiver> {
  const received = new Map<string, SignedWebhook[]>();
  const server = createServer((request, response) => {
    void request.toArray().then((chunks) => {
      const name = (request.url ?? '').slice(1);
      const headers = Object.fromEntries(Object.entries(request.headersDistinct).map(([header, values]) => [header, values?.join(',') ?? ''])); // prettier-ignore
      // Without an encoding the request hands over bytes.
      received.set(name, [...(received.get(name) ?? []), { headers, body: Buffer.concat(chunks as Buffer[]) }]);
      response
        .writeHead(name.startsWith('gone') ? 410 : 200, { 'content-type': 'text/plain' })
        .end(name === 'naming' ? nameIn(chunks) : text);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    urlOf: (name) => `http://127.0.0.1:${port}/${name}`,
    receivedBy: (name) => received.get(name) ?? [],
    async close() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function nameIn(chunks: readonly unknown[]): string {
  const { data } = JSON.parse(Buffer.concat(chunks as Buffer[]).toString('utf8')) as { data: { user?: { userName?: string } } };
  return JSON.stringify({ error: `unknown user ${data.user?.userName}` });
}
