import { Resolver } from 'node:dns/promises';

export interface ResolvedAddress {
  readonly address: string;
  readonly family: 4 | 6;
}

/** Every address of a name. @throws NameNotResolved */
export type ResolveHost = (hostname: string) => Promise<readonly ResolvedAddress[]>;

export class NameNotResolved extends Error {
  override readonly name = 'NameNotResolved';
}

/** Time for one question to one server, and questions per server: about 7 s in all (each doubles), well under an attempt's timeout. */
const questionTimeoutMs = 2_000;
const tries = 2;

/**
 * Asks DNS itself (c-ares) and not the operating system's `getaddrinfo`: that one blocks a thread of Node's four for as long
 * as a name server stays silent, so that four subscribers with silent name servers would hold up the names of all others. And
 * `getaddrinfo` knows more than DNS (`/etc/hosts`, search domains), none of which a subscriber's name should meet.
 * IPv4 first: Lambda has no IPv6 outside a dual-stack VPC.
 * @param servers name servers as `address:port`; the machine's own when not given
 */
export function dnsResolveHost(servers?: readonly string[]): ResolveHost {
  return async (hostname) => {
    // RFC 6761 §6.3; DNS is not asked for it. The guard lets it through in local mode only.
    if (hostname === 'localhost') return [{ address: '127.0.0.1', family: 4 }, { address: '::1', family: 6 }]; // prettier-ignore
    const resolver = new Resolver({ timeout: questionTimeoutMs, tries });
    if (servers !== undefined) resolver.setServers(servers);
    const [four, six] = await Promise.allSettled([resolver.resolve4(hostname), resolver.resolve6(hostname)]);
    const found = [
      ...(four.status === 'fulfilled' ? four.value.map((address) => ({ address, family: 4 as const })) : []),
      ...(six.status === 'fulfilled' ? six.value.map((address) => ({ address, family: 6 as const })) : []),
    ];
    if (found.length === 0)
      throw new NameNotResolved('the name has no address', { cause: four.status === 'rejected' ? four.reason : undefined });
    return found;
  };
}

export const resolveHost: ResolveHost = dnsResolveHost();
