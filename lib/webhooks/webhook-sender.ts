import type { AttemptError } from '../delivery/delivery.ts';

export interface WebhookRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** From name look-up to the answer's status. */
  readonly timeoutMs: number;
}

/**
 * `answered` as soon as the status is known: what follows it (a slow, endless or broken body) changes nothing.
 * `detail` names the error for the log: no address, no header, no body.
 */
export type WebhookAnswer =
  | {
      readonly kind: 'answered';
      readonly status: number;
      readonly retryAfter: string | null;
      readonly latencyMs: number;
      /** The request went out before as well, on a connection that was cut off without an answer. Absent: it did not. */
      readonly mayHaveArrived?: boolean;
      /** Beginning of the body, if some of it came with the status: at most 256 characters, control characters escaped. */
      readonly excerpt?: string;
    }
  | {
      readonly kind: 'failed';
      readonly error: AttemptError;
      readonly detail: string;
      readonly latencyMs: number;
      /** Some of the request went out on an open connection. Without it nothing did: what was not begun cannot have arrived. */
      readonly mayHaveArrived: boolean;
    };

/** Port: one POST to a subscriber. Never throws for anything the other side or the network does. */
export interface WebhookSender {
  send(request: WebhookRequest): Promise<WebhookAnswer>;
}
