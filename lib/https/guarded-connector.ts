import { connect as connectTcp, isIP, type LookupFunction, type Socket, type TcpNetConnectOpts } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { isAllowedAddress, type GuardOptions } from '../webhooks/address-guard.ts';
import { NameNotResolved, type ResolveHost } from './resolve-host.ts';

/** Thrown into the connection attempt; it never reaches a caller of the sender. */
export class AddressRefused extends Error {
  override readonly name = 'AddressRefused';
}

/** A URL has these. An empty port is the protocol's own. */
export interface ConnectTarget {
  readonly protocol: string;
  readonly hostname: string;
  readonly port: string;
}

/**
 * Opens a connection, TLS included, and says once how that went. What it answers at once is the connection in the making, to be
 * destroyed by whoever cannot wait.
 */
export type Connect = (target: ConnectTarget, callback: (error: Error | null, socket: Socket | null) => void) => Socket | undefined;

/** A name may have several addresses; each but the last gets this long. Node's 250 ms are too few over an ocean. */
const addressTimeoutMs = 1_000;
/** Under any attempt's timeout it would only be in the way; it ends connections of attempts that are long over. */
const connectTimeoutMs = 25_000;

/**
 * Connects to allowed addresses only. The addresses are checked inside the look-up of the very connection, and Node connects to
 * what the look-up answers: there is no second look-up that could say something else (DNS rebinding). One address that is not allowed
 * refuses the name as a whole. Node makes no look-up for a host that is an address, so that one is checked before.
 * HTTP/1.1 only, so that one connection carries one request and a dead one is told from a refused request.
 */
export function guardedConnector(options: GuardOptions & { readonly resolve: ResolveHost }): Connect {
  const lookup = guardedLookup(options);
  return ({ protocol, hostname, port }, callback) => {
    const host = hostname.replace(/^\[|\]$/g, '');
    if (isIP(host) !== 0 && !isAllowedAddress(host, options)) {
      // A connector answers later, never within the call.
      queueMicrotask(() => callback(new AddressRefused('the address is not a public one'), null));
      return undefined;
    }
    const secure = protocol === 'https:';
    const socket = open({ host, port: port === '' ? (secure ? 443 : 80) : Number(port), lookup }, secure);
    sayOnce(socket, secure ? 'secureConnect' : 'connect', callback);
    return socket;
  };
}

function open(target: TcpNetConnectOpts & { readonly host: string }, secure: boolean): Socket {
  const options = { ...target, noDelay: true, autoSelectFamily: true, autoSelectFamilyAttemptTimeout: addressTimeoutMs };
  if (!secure) return connectTcp(options);
  return connectTls({
    ...options,
    ...(isIP(target.host) === 0 ? { servername: target.host } : {}),
    ALPNProtocols: ['http/1.1'],
    minVersion: 'TLSv1.2',
    // Said aloud, so that NODE_TLS_REJECT_UNAUTHORIZED=0 in the environment changes nothing.
    rejectUnauthorized: true,
  });
}

function sayOnce(socket: Socket, opened: 'connect' | 'secureConnect', callback: Parameters<Connect>[1]): void {
  let said = false;
  const say = (error: Error | null): void => {
    if (said) return;
    said = true;
    clearTimeout(timer);
    callback(error, error === null ? socket : null);
  };
  const timer = setTimeout(
    () => socket.destroy(Object.assign(new Error('no connection in time'), { code: 'ETIMEDOUT' })),
    connectTimeoutMs,
  );
  socket.once(opened, () => say(null));
  // Stays for good: what befalls the open connection is told to whoever uses it; between two uses it is nobody's error.
  socket.on('error', say);
  socket.once('close', () => say(Object.assign(new Error('closed before it was open'), { code: 'ECONNRESET' })));
}

function guardedLookup({ resolve, allowLoopback }: GuardOptions & { readonly resolve: ResolveHost }): LookupFunction {
  return (hostname, lookup, callback) => {
    resolve(hostname).then(
      (addresses) => {
        const [first] = addresses;
        if (first === undefined) return callback(new NameNotResolved('the name has no address'), '');
        const refused = addresses.some(({ address }) => !isAllowedAddress(address, { allowLoopback }));
        if (refused) return callback(new AddressRefused('the name resolves to an address that is not a public one'), '');
        if (lookup.all === true) return callback(null, [...addresses]);
        return callback(null, first.address, first.family);
      },
      (error: unknown) => callback(new NameNotResolved('the name could not be resolved', { cause: error }), ''),
    );
  };
}
