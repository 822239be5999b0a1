import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import type { SequencedChange } from '#lib/identity/change.ts';

export interface ReceivedWebhook {
  readonly id: string;
  readonly change: SequencedChange;
  readonly headers: Record<string, string>;
  readonly body: Buffer;
  readonly signature: 'verified' | 'wrong';
  readonly receivedAtMs: number;
}

export interface DemoSubscriber {
  readonly url: string;
  /** Secrets of the subscriptions that send here; a webhook is verified if one of them fits. */
  trust(secret: string): void;
  /** Verifies as any subscriber would, with the `standardwebhooks` package, over the bytes given. */
  verify(body: Buffer, headers: Record<string, string>): boolean;
  stop(): Promise<void>;
}

/** A subscriber such as a team would write: reads the raw body, verifies, answers 204. It calls `onWebhook` with what it got. */
export async function startDemoSubscriber(onWebhook: (webhook: ReceivedWebhook) => void): Promise<DemoSubscriber> {
  const verifiers: Webhook[] = [];

  function verify(body: Buffer, headers: Record<string, string>): boolean {
    return verifiers.some((verifier) => {
      try {
        verifier.verify(body, headers);
        return true;
      } catch {
        // The package says "wrong signature" by throwing.
        return false;
      }
    });
  }

  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      const headers = Object.fromEntries(Object.entries(request.headersDistinct).map(([name, values]) => [name, (values ?? []).join(',')]));
      const verified = verify(body, headers);
      response.writeHead(verified ? 204 : 401).end();
      const change = changeIn(body);
      if (change === undefined) return;
      onWebhook({
        id: headers['webhook-id'] ?? '',
        change,
        headers,
        body,
        signature: verified ? 'verified' : 'wrong',
        receivedAtMs: Date.now(),
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/webhooks`,
    trust: (secret) => void verifiers.push(new Webhook(secret)),
    verify,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function changeIn(body: Buffer): SequencedChange | undefined {
  try {
    return JSON.parse(body.toString('utf8')) as SequencedChange;
  } catch {
    // Not a webhook of the relay: it was answered 401 already, and there is nothing to show.
    return undefined;
  }
}
