import { Connection } from './connection.ts';
import type { Connect } from './guarded-connector.ts';

/** Connections kept idle in one environment, over all origins. Lambda allows 1,024 file descriptors. */
const maxIdle = 64;
/**
 * One that was idle for longer is not used again: the timers that close it stand still with a frozen environment, and a NAT on
 * the way that has forgotten it swallows a request in silence, for the whole of an attempt.
 */
const longestIdleMs = 60_000;

/**
 * Idle connections, kept by ourselves and not by one of Node's agents: we must know whether a request went out on a connection that
 * was open before, and a second try must go out on one that was not; an agent chooses the second
 * by itself.
 */
export class ConnectionPool {
  readonly #connect: Connect;
  readonly #now: () => Date;
  /** The longest idle one first. */
  #idle: { readonly connection: Connection; readonly sinceMs: number }[] = [];

  constructor(connect: Connect, options: { readonly now: () => Date }) {
    this.#connect = connect;
    this.#now = options.now;
  }

  /** The one used last, which is the likeliest to be alive; else a new one. */
  take(origin: string): Connection {
    const nowMs = this.#now().getTime();
    while (this.#idle[0] !== undefined && nowMs - this.#idle[0].sinceMs > longestIdleMs) this.#idle.shift()?.connection.destroy();
    const place = this.#idle.findLastIndex(({ connection }) => connection.origin === origin);
    return (place === -1 ? undefined : this.#idle.splice(place, 1)[0]?.connection) ?? this.fresh(origin);
  }

  fresh(origin: string): Connection {
    return new Connection(origin, this.#connect);
  }

  give(connection: Connection): void {
    this.#idle.push({ connection, sinceMs: this.#now().getTime() });
    if (this.#idle.length > maxIdle) this.#idle.shift()?.connection.destroy();
  }

  close(): void {
    for (const { connection } of this.#idle) connection.destroy();
    this.#idle = [];
  }
}
