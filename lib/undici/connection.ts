import { Client, type buildConnector, type Dispatcher } from 'undici';
import { AttemptTimedOut, TooManyInterimAnswers } from './attempt-error.ts';

export interface ExchangeRequest {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** Until the status is there. */
  readonly timeoutMs: number;
  readonly onStatus: () => void;
}

export type Exchange =
  | { readonly kind: 'answered'; readonly status: number; readonly retryAfter: string | null; readonly reusable: boolean }
  /** `stale`: the connection was opened for an earlier request and had died before this one got a single byte of an answer. */
  | { readonly kind: 'broken'; readonly error: unknown; readonly stale: boolean };

/** All header fields of one answer together; undici refuses more. */
const maxHeaderBytes = 16 * 1024;
/** Interim answers (1xx) are allowed before the real one, but there is no use for many. */
const maxInterimAnswers = 16;
/** Once the status is there, the body is read only to keep the connection: this much, for this long. */
const maxBodyBytes = 16 * 1024;
const bodyTimeoutMs = 1_000;
/** An idle connection is closed after this; a server's own `keep-alive: timeout=` hint moves it up to the longest. */
const keepAliveMs = 10_000;
const longestKeepAliveMs = 60_000;

/** One connection to one origin, for one request at a time. undici's client opens the socket on demand, and again after it closed. */
export class Connection {
  readonly origin: string;
  readonly #client: Client;
  #timesOpened = 0;

  constructor(origin: string, connect: buildConnector.connector) {
    this.origin = origin;
    this.#client = new Client(origin, {
      connect: (target, callback) =>
        connect(target, (...result) => {
          if (result[0] === null) this.#timesOpened += 1;
          callback(...result);
        }),
      pipelining: 1,
      maxHeaderSize: maxHeaderBytes,
      // The exchange has its own clocks.
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: keepAliveMs,
      keepAliveMaxTimeout: longestKeepAliveMs,
    });
  }

  /** Sends a POST. Never throws; a connection that is not `reusable` afterwards has been destroyed. */
  exchange({ path, headers, body, timeoutMs, onStatus }: ExchangeRequest): Promise<Exchange> {
    const openedBefore = this.#timesOpened;
    return new Promise((resolve) => {
      let answered: { readonly status: number; readonly retryAfter: string | null } | undefined;
      let answerBegan = false;
      let interimAnswers = 0;
      let bodyBytes = 0;
      let timer = setTimeout(() => this.destroy(new AttemptTimedOut('no answer in time')), timeoutMs);

      const answer = (reusable: boolean): void => {
        clearTimeout(timer);
        if (!reusable) this.destroy();
        if (answered) resolve({ kind: 'answered', ...answered, reusable });
      };
      const fail = (error: unknown): void => {
        if (answered) return answer(false);
        clearTimeout(timer);
        this.destroy();
        resolve({ kind: 'broken', error, stale: openedBefore > 0 && this.#timesOpened === openedBefore && !answerBegan });
      };
      const handler: Dispatcher.DispatchHandler = {
        // undici wants it to be there.
        onRequestStart: () => undefined,
        onResponseStarted: () => {
          answerBegan = true;
        },
        onResponseStart: (controller, status, responseHeaders) => {
          if (status < 200) {
            interimAnswers += 1;
            if (interimAnswers > maxInterimAnswers) controller.abort(new TooManyInterimAnswers('too many 1xx answers'));
            return;
          }
          answered = { status, retryAfter: firstOf(responseHeaders['retry-after']) };
          onStatus();
          clearTimeout(timer);
          timer = setTimeout(() => answer(false), bodyTimeoutMs);
        },
        onResponseData: (_controller, chunk) => {
          bodyBytes += chunk.length;
          if (bodyBytes > maxBodyBytes) answer(false);
        },
        onResponseEnd: () => answer(true),
        onResponseError: (_controller, error) => fail(error),
      };
      try {
        this.#client.dispatch({ method: 'POST', path, headers, body, idempotent: false }, handler);
      } catch (error) {
        // undici throws at once what it will not send (a header it refuses): this attempt's failure, like any other.
        fail(error);
      }
    });
  }

  destroy(reason?: Error): void {
    // Everything in flight is told through its handler; the promise says only that the socket is gone.
    void this.#client.destroy(reason ?? null);
  }
}

function firstOf(value: string | string[] | undefined): string | null {
  return (Array.isArray(value) ? value[0] : value) ?? null;
}
