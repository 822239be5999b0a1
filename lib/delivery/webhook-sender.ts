import type { AttemptError } from './delivery.ts';

export interface WebhookRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** Whole exchange, from name look-up to the end of the answer. */
  readonly timeoutMs: number;
}

export type WebhookAnswer =
  | { readonly kind: 'answered'; readonly status: number; readonly retryAfter: string | null; readonly latencyMs: number }
  | { readonly kind: 'failed'; readonly error: AttemptError; readonly detail: string; readonly latencyMs: number };

/** Port: one POST to a subscriber. Never throws for anything the other side or the network does. */
export interface WebhookSender {
  send(request: WebhookRequest): Promise<WebhookAnswer>;
}
