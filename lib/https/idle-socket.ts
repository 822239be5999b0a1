import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

/** An idle connection is closed after this; a server's own `keep-alive: timeout=` hint moves it, up to the longest. */
const restMs = 10_000;
const longestRestMs = 60_000;
/** A server that closes at the very moment a request leaves has cut it off: this much before, we do. */
const marginMs = 2_000;

/** How long the connection of an answer may be kept, in milliseconds; 0: not at all. */
export function restMsOf({ headers }: Pick<IncomingMessage, 'headers'>): number {
  // Node joins what is said twice with a comma: the first hint counts.
  const hint = /(?:^|[\s,;])timeout=([0-9]{1,9})/i.exec(String(headers['keep-alive'] ?? ''))?.[1];
  return hint === undefined ? restMs : Math.max(0, Math.min(Number(hint) * 1_000 - marginMs, longestRestMs));
}

/**
 * A socket between two requests. It does not keep the process alive, is closed when it rested for long enough, and at once when
 * the server says something nobody asked for, which would otherwise be taken for the answer to the next request.
 */
export class IdleSocket {
  readonly #socket: Socket;
  readonly #timer: NodeJS.Timeout;

  constructor(socket: Socket, forMs: number) {
    this.#socket = socket;
    this.#timer = setTimeout(this.#close, forMs);
    this.#timer.unref();
    socket.unref();
    socket.on('data', this.#close);
    socket.on('end', this.#close);
  }

  /** The socket, for the next request; `undefined` when it has closed meanwhile. */
  wake(): Socket | undefined {
    clearTimeout(this.#timer);
    this.#socket.off('data', this.#close);
    this.#socket.off('end', this.#close);
    this.#socket.ref();
    return this.#socket.destroyed || !this.#socket.writable ? undefined : this.#socket;
  }

  readonly #close = (): void => {
    this.#socket.destroy();
  };
}
