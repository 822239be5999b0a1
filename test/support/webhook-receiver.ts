import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import type { SequencedChange } from '#lib/identity/change.ts';

/** A status, or no answer at all until the sender gives up. */
export type Answer = number | 'silence';

export interface Received {
  readonly id: string;
  readonly change: SequencedChange;
  readonly verified: boolean;
  readonly headers: Record<string, string>;
  /** What it was answered with. */
  readonly answer: Answer;
  readonly at: Date;
}

/** A subscriber: keeps what it gets in the order it gets it, verifies each with the independent `standardwebhooks` package. */
export class WebhookReceiver {
  readonly received: Received[] = [];
  readonly #server;
  #verifier: Webhook | undefined;
  /** Status to answer with; a test may change it. */
  status = 204;
  /** Chooses the answer to each request instead; a test may change it. */
  answering: (webhook: Omit<Received, 'answer'>) => Answer = () => this.status;
  /** What its answer waits for; a test may change it. */
  holding: (webhook: Received) => Promise<unknown> = () => Promise.resolve();
  /** Requests that the sender gave up before they were answered. */
  abandoned = 0;

  constructor() {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const body = Buffer.concat(chunks);
        const headers = Object.fromEntries(
          Object.entries(request.headersDistinct).map(([name, values]) => [name, (values ?? []).join(',')]),
        );
        const webhook = {
          id: headers['webhook-id'] ?? '',
          change: JSON.parse(body.toString('utf8')) as SequencedChange,
          verified: this.#verifies(body, headers),
          headers,
          at: new Date(),
        };
        const answer = this.answering(webhook);
        this.received.push({ ...webhook, answer });
        if (answer !== 'silence') void this.holding({ ...webhook, answer }).then(() => response.writeHead(answer).end());
      });
      response.on('close', () => (this.abandoned += response.writableEnded ? 0 : 1));
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
    return firstOfEach(this.received);
  }

  /** Those answered 2xx, in the order in which each was for the first time. */
  accepted(): Received[] {
    return firstOfEach(this.received.filter(({ answer }) => typeof answer === 'number' && answer >= 200 && answer <= 299));
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

function firstOfEach(webhooks: readonly Received[]): Received[] {
  const seen = new Set<string>();
  return webhooks.filter(({ id }) => !seen.has(id) && seen.add(id));
}
