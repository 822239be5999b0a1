import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { AnswerExcerpt } from './answer-excerpt.ts';
import { AttemptTimedOut, ProtocolSwitched, TooManyInterimAnswers } from './attempt-error.ts';
import type { Connect } from './guarded-connector.ts';
import { IdleSocket, restMsOf } from './idle-socket.ts';

export interface ExchangeRequest {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** Until the status is there. */
  readonly timeoutMs: number;
  readonly onStatus: () => void;
}

interface Answered {
  readonly status: number;
  readonly retryAfter: string | null;
}

export type Exchange =
  | (Answered & { readonly kind: 'answered'; readonly reusable: boolean; readonly excerpt: string | undefined })
  | {
      readonly kind: 'broken';
      readonly error: unknown;
      /** The connection was opened for an earlier request and had died before this one got a single byte of an answer. */
      readonly stale: boolean;
      /** Bytes of the request were handed to an open connection: whether they arrived, its end does not tell. */
      readonly begun: boolean;
    };

/** All header fields of one answer together; Node refuses more. */
const maxHeaderBytes = 16 * 1024;
/** Interim answers (1xx) are allowed before the real one, but there is no use for many. */
const maxInterimAnswers = 16;
/** Once the status is there, the body is read only to keep the connection: this much, for this long. */
const maxBodyBytes = 16 * 1024;
const bodyTimeoutMs = 1_000;
/** What of the body comes so soon after the status goes into the excerpt: no trickle is waited for. */
const excerptGraceMs = 200;

/** One connection to one origin, for one request at a time. Its socket is opened on demand, and again after it closed. */
export class Connection {
  readonly origin: string;
  readonly #url: URL;
  readonly #connect: Connect;
  #socket: Socket | undefined;
  #idle: IdleSocket | undefined;

  constructor(origin: string, connect: Connect) {
    this.origin = origin;
    this.#url = new URL(origin);
    this.#connect = connect;
  }

  /** Sends a POST. Never throws; a connection that is not `reusable` afterwards has been destroyed. */
  exchange({ timeoutMs, onStatus, ...sent }: ExchangeRequest): Promise<Exchange> {
    const kept = this.#idle?.wake();
    this.#idle = undefined;
    return new Promise((resolve) => {
      let answered: (Answered & { readonly excerpt: AnswerExcerpt }) | undefined;
      let begun = false;
      let answerBegan = false;
      let isOver = false;
      let timer = setTimeout(() => fail(new AttemptTimedOut('no answer in time')), timeoutMs);

      const end = (result: Exchange, restMs: number): void => {
        if (isOver) return;
        isOver = true;
        clearTimeout(timer);
        if (restMs === 0) this.destroy();
        else if (this.#socket !== undefined) this.#idle = new IdleSocket(this.#socket, restMs);
        resolve(result);
      };
      const answer = (restMs: number): void => {
        if (answered) end({ kind: 'answered', ...answered, excerpt: answered.excerpt.text(), reusable: restMs > 0 }, restMs);
      };
      const fail = (error: unknown): void => {
        if (answered) answer(0);
        else end({ kind: 'broken', error, stale: kept !== undefined && !answerBegan, begun }, 0);
      };
      const sendOn = (socket: Socket): void => {
        if (isOver) return;
        this.#socket = socket;
        const request = this.#post(socket, {
          ...sent,
          fail,
          onBegin: () => (begun = true),
          onFirstByte: () => (answerBegan = true),
        });
        request?.on('response', (response) => {
          const excerpt = new AnswerExcerpt(response.headers);
          answered = { status: response.statusCode ?? 0, retryAfter: response.headers['retry-after'] ?? null, excerpt };
          onStatus();
          clearTimeout(timer);
          timer = setTimeout(() => answer(0), bodyTimeoutMs);
          readBeginning(response, excerpt);
          readToTheEnd(response, (complete) => answer(complete && isFree(request, socket) ? restMsOf(response) : 0));
        });
      };
      if (kept !== undefined) return sendOn(kept);
      this.#socket = this.#connect(this.#url, (error, socket) => (socket === null ? fail(error) : sendOn(socket)));
    });
  }

  #post(socket: Socket, { path, headers, body, fail, onBegin, onFirstByte }: Sent & Told): ClientRequest | undefined {
    try {
      const request = httpRequest({
        createConnection: () => socket,
        method: 'POST',
        path,
        // Without it, and without an agent, Node asks the server to close, and does so itself.
        headers: { host: this.#url.host, connection: 'keep-alive', ...headers },
        maxHeaderSize: maxHeaderBytes,
        // Said aloud, so that --insecure-http-parser in NODE_OPTIONS changes nothing.
        insecureHTTPParser: false,
      });
      let interimAnswers = 0;
      request.once('socket', () => {
        // What has waited for the socket is written next.
        onBegin();
        // Node's parser listens by now; before it does, a listener here would let bytes go by.
        socket.prependOnceListener('data', onFirstByte);
      });
      request.on('information', () => {
        interimAnswers += 1;
        if (interimAnswers > maxInterimAnswers) fail(new TooManyInterimAnswers('too many 1xx answers'));
      });
      request.on('upgrade', () => fail(new ProtocolSwitched('the answer switches protocols')));
      request.on('error', fail);
      // Node tells every end by an error, or by an answer; were it not to, the attempt would wait for its time.
      request.on('close', () => fail(Object.assign(new Error('no answer'), { code: 'ECONNRESET' })));
      request.end(body);
      return request;
    } catch (error) {
      // Node throws at once what it will not send (a header it refuses): this attempt's failure, like any other.
      fail(error);
      return undefined;
    }
  }

  destroy(): void {
    this.#idle?.wake();
    this.#idle = undefined;
    this.#socket?.destroy();
    this.#socket = undefined;
  }
}

type Sent = Pick<ExchangeRequest, 'path' | 'headers' | 'body'>;

interface Told {
  readonly fail: (error: unknown) => void;
  /** The request goes out now. */
  readonly onBegin: () => void;
  /** Of an answer. */
  readonly onFirstByte: () => void;
}

function readBeginning(response: IncomingMessage, excerpt: AnswerExcerpt): void {
  const read = (chunk: Buffer): void => excerpt.add(chunk);
  response.on('data', read);
  const stop = setTimeout(() => response.off('data', read), excerptGraceMs);
  response.once('close', () => clearTimeout(stop));
}

/** Calls back once: whether the body came to its end. */
function readToTheEnd(response: IncomingMessage, onOver: (complete: boolean) => void): void {
  let bodyBytes = 0;
  response.on('data', (chunk: Buffer) => {
    bodyBytes += chunk.length;
    if (bodyBytes > maxBodyBytes) onOver(false);
  });
  response.on('end', () => onOver(response.complete));
  response.on('error', () => onOver(false));
  response.on('close', () => onOver(false));
}

/** The request went out whole, nobody asked to close, and nothing has closed. */
function isFree(request: ClientRequest, socket: Socket): boolean {
  return request.shouldKeepAlive && request.writableFinished && !socket.destroyed && socket.writable;
}
