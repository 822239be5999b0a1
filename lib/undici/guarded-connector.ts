import { isIP, type LookupFunction } from 'node:net';
import { buildConnector } from 'undici';
import { isAllowedAddress, type GuardOptions } from '../delivery/address-guard.ts';
import { NameNotResolved, type ResolveHost } from './resolve-host.ts';

/** Thrown into the connection attempt; it never reaches a caller of the sender. */
export class AddressRefused extends Error {
  override readonly name = 'AddressRefused';
}

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
export function guardedConnector(options: GuardOptions & { readonly resolve: ResolveHost }): buildConnector.connector {
  const connect = buildConnector({
    allowH2: false,
    minVersion: 'TLSv1.2',
    // Said aloud, so that NODE_TLS_REJECT_UNAUTHORIZED=0 in the environment changes nothing.
    rejectUnauthorized: true,
    timeout: connectTimeoutMs,
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: addressTimeoutMs,
    lookup: guardedLookup(options),
  });
  return (target, callback) => {
    const host = target.hostname.replace(/^\[|\]$/g, '');
    if (isIP(host) !== 0 && !isAllowedAddress(host, options)) {
      // A connector answers later, never within the call.
      queueMicrotask(() => callback(new AddressRefused('the address is not a public one'), null));
      return;
    }
    connect(target, callback);
  };
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
