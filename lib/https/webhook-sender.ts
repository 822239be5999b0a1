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
  ): Promise<Exchange> {
    const { headers, body } = request;
    const sendOn = async (connection: Connection): Promise<Exchange> => {
      const timeoutMs = Math.max(1, clock.endsAtMs - monotonicMs());
      const result = await connection.exchange({ path: url.pathname + url.search, headers, body, timeoutMs, onStatus: clock.onStatus });
      if (result.kind === 'answered' && result.reusable) pool.give(connection);
      return result;
    };
    const result = await sendOn(pool.take(url.origin));
    const diedIdle = result.kind === 'broken' && result.stale && attemptErrorOf(result.error) === 'connection-reset';
    return diedIdle ? sendOn(pool.fresh(url.origin)) : result;
  }

  return {
    async send(request): Promise<WebhookAnswer> {
      const endpoint = checkEndpointUrl(request.url, { allowLoopback });
      if (endpoint.kind === 'refused') return { kind: 'failed', error: 'address-refused', detail: 'the URL is refused', latencyMs: 0 };

      const startedAtMs = monotonicMs();
      let latencyMs: number | undefined;
      const sinceStartMs = (): number => Math.round(monotonicMs() - startedAtMs);
      const onStatus = (): void => {
        latencyMs = sinceStartMs();
      };
      const result = await post(endpoint.url, request, { endsAtMs: startedAtMs + request.timeoutMs, onStatus });
      latencyMs ??= sinceStartMs();
      if (result.kind === 'answered') {
        const { status, retryAfter, excerpt } = result;
        return { kind: 'answered', status, retryAfter, latencyMs, ...(excerpt === undefined ? {} : { excerpt }) };
      }
      return { kind: 'failed', error: attemptErrorOf(result.error), detail: attemptDetailOf(result.error), latencyMs };
    },
    close: () => pool.close(),
  };
}
