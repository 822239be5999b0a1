import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import type { SequencedChange } from '#lib/identity/change.ts';

export interface Received {
  readonly id: string;
  readonly change: SequencedChange;
  readonly verified: boolean;
  readonly headers: Record<string, string>;
}

/** A subscriber: keeps what it gets in the order it gets it, verifies each with the independent `standardwebhooks` package. */
export class WebhookReceiver {
  readonly received: Received[] = [];
  readonly #server;
  #verifier: Webhook | undefined;
  /** Status to answer with; a test may change it. */
  status = 204;

  constructor() {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const body = Buffer.concat(chunks);
        const headers = Object.fromEntries(
          Object.entries(request.headersDistinct).map(([name, values]) => [name, (values ?? []).join(',')]),
        );
        this.received.push({
          id: headers['webhook-id'] ?? '',
          change: JSON.parse(body.toString('utf8')) as SequencedChange,
          verified: this.#verifies(body, headers),
          headers,
        });
        response.writeHead(this.status).end();
      });
    });
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/hooks`;
  }

  trust(secret: string): void {
    this.#verifier = new Webhook(secret);
  }

  /** Ids in the order of their first arrival. */
  firstArrivals(): Received[] {
    const seen = new Set<string>();
    return this.received.filter(({ id }) => !seen.has(id) && seen.add(id));
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #verifies(body: Buffer, headers: Record<string, string>): boolean {
    try {
      this.#verifier?.verify(body, headers);
      return this.#verifier !== undefined;
    } catch {
      // A wrong signature is what the package throws about; the test asserts on the answer.
      return false;
    }
  }
}
