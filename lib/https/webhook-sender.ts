import { checkEndpointUrl } from '../webhooks/address-guard.ts';
import type { WebhookAnswer, WebhookRequest, WebhookSender } from '../webhooks/webhook-sender.ts';
import { attemptDetailOf, attemptErrorOf } from './attempt-error.ts';
import { ConnectionPool } from './connection-pool.ts';
import type { Connection, Exchange } from './connection.ts';
import { guardedConnector } from './guarded-connector.ts';
import { resolveHost, type ResolveHost } from './resolve-host.ts';

export interface SenderOptions {
  /** Local mode only. */
  readonly allowLoopback: boolean;
  readonly now: () => Date;
  /** A clock that never goes back, in milliseconds. */
  readonly monotonicMs: () => number;
  /** Default: DNS. */
  readonly resolve?: ResolveHost;
}

const refusedUrl: WebhookAnswer = {
  kind: 'failed',
  error: 'address-refused',
  detail: 'the URL is refused',
  latencyMs: 0,
  mayHaveArrived: false,
};

/**
 * WebhookSender over HTTP/1.1 with connections that are kept open (the environment may be frozen in between).
 *
 * - Redirects are answers like any other; their target is never looked at.
 * - The status is the answer. What follows it is read only as far as it takes to keep the connection, and its beginning is shown to people.
 * - A kept connection may have died while the environment was frozen. When a request on it is cut off before a byte of an answer
 *   has come, it is sent once more on a new connection, in the same attempt and within its time. The receiver may then see it
 *   twice with the same `webhook-id`, as after any lost answer.
 */
export function httpsWebhookSender({
  allowLoopback,
  now,
  monotonicMs,
  resolve = resolveHost,
}: SenderOptions): WebhookSender & { close(): void } {
  const pool = new ConnectionPool(guardedConnector({ allowLoopback, resolve }), { now });

  async function post(
    url: URL,
    request: WebhookRequest,
    clock: { readonly endsAtMs: number; readonly onStatus: () => void },
  ): Promise<{ readonly result: Exchange; readonly mayHaveArrived: boolean }> {
    const { headers, body } = request;
    const sendOn = async (connection: Connection): Promise<Exchange> => {
      const timeoutMs = Math.max(1, clock.endsAtMs - monotonicMs());
      const result = await connection.exchange({ path: url.pathname + url.search, headers, body, timeoutMs, onStatus: clock.onStatus });
      if (result.kind === 'answered' && result.reusable) pool.give(connection);
      return result;
    };
    const first = await sendOn(pool.take(url.origin));
    const mayHaveArrived = isInDoubt(first);
    const diedIdle = first.kind === 'broken' && first.stale && attemptErrorOf(first.error) === 'connection-reset';
    if (!diedIdle) return { result: first, mayHaveArrived };
    // Whatever comes of the second, the first may have been read whole before its connection was cut off.
    const second = await sendOn(pool.fresh(url.origin));
    return { result: second, mayHaveArrived: mayHaveArrived || isInDoubt(second) };
  }

  return {
    async send(request): Promise<WebhookAnswer> {
      const endpoint = checkEndpointUrl(request.url, { allowLoopback });
      if (endpoint.kind === 'refused') return refusedUrl;

      const startedAtMs = monotonicMs();
      let latencyMs: number | undefined;
      const sinceStartMs = (): number => Math.round(monotonicMs() - startedAtMs);
      const onStatus = (): void => {
        latencyMs = sinceStartMs();
      };
      const { result, mayHaveArrived } = await post(endpoint.url, request, { endsAtMs: startedAtMs + request.timeoutMs, onStatus });
      latencyMs ??= sinceStartMs();
      if (result.kind === 'answered') {
        const { status, retryAfter, excerpt } = result;
        return { kind: 'answered', status, retryAfter, latencyMs, mayHaveArrived, ...(excerpt === undefined ? {} : { excerpt }) };
      }
      const { error } = result;
      return { kind: 'failed', error: attemptErrorOf(error), detail: attemptDetailOf(error), latencyMs, mayHaveArrived };
    },
    close: () => pool.close(),
  };
}

/** By what was done, not by how it ended: any error at all can befall a connection that has taken the request. */
function isInDoubt(exchange: Exchange): boolean {
  return exchange.kind === 'broken' && exchange.begun;
}
