import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/** Of all IPv6, only this block is given out for the public internet (IANA IPv6 address space registry). */
const globalUnicast = ipaddr.IPv6.parseCIDR('2000::/3');

/**
 * Whether an IP address belongs to the public internet. Total: what is no IP address is not public.
 *
 * Private, loopback, link-local (169.254.169.254 with it), unique-local (fd00:ec2::254 with it), shared (100.64/10),
 * multicast, broadcast, benchmarking, documentation, otherwise reserved and unspecified addresses are not. Nor is any
 * IPv6 form that carries an IPv4 address (mapped, compatible, translated, NAT64, 6to4, Teredo), whichever one it carries:
 * no public endpoint needs one, and where it ends depends on a gateway we do not know.
 */
export function isPublicAddress(address: string): boolean {
  const version = isIP(address);
  if (version === 4) return ipaddr.IPv4.parse(address).range() === 'unicast';
  if (version === 0 || address.includes('%')) return false;
  const parsed = ipaddr.IPv6.parse(address);
  return parsed.match(globalUnicast) && parsed.range() === 'unicast';
}

/** 127.0.0.0/8 and ::1, nothing else. */
export function isLoopbackAddress(address: string): boolean {
  const version = isIP(address);
  if (version === 4) return ipaddr.IPv4.parse(address).range() === 'loopback';
  return version === 6 && !address.includes('%') && ipaddr.IPv6.parse(address).range() === 'loopback';
}

export interface GuardOptions {
  /** Local mode only. */
  readonly allowLoopback: boolean;
}

/** Whether a webhook may be sent to this address. */
export function isAllowedAddress(address: string, { allowLoopback }: GuardOptions): boolean {
  return isPublicAddress(address) || (allowLoopback && isLoopbackAddress(address));
}

export type EndpointCheck = { readonly kind: 'allowed'; readonly url: URL } | { readonly kind: 'refused'; readonly reason: string };

/** Names that never lead to the public internet: RFC 6761, RFC 6762, RFC 8375, and what clouds and routers use inside. */
const insideNames = ['localhost', 'localdomain', 'local', 'internal', 'intranet', 'lan', 'home.arpa'];

/**
 * Whether a subscriber's URL may be sent to, as far as its text tells. It is no substitute for checking the addresses its
 * name resolves to, which the sender does for each connection.
 * `new URL` turns every spelling of an address (decimal, octal, hexadecimal, full-width) into the usual one, so that what is
 * checked here is what is connected to. A refusal says why, in words for the one who wrote the URL.
 */
export function checkEndpointUrl(text: string, options: GuardOptions): EndpointCheck {
  // `new URL` drops these without a word; a URL that changes when read is not what its author meant.
  if (/[\u0000-\u0020\u007f]/.test(text)) return refused('must not contain white space or control characters');
  if (!URL.canParse(text)) return refused('is not a URL');
  const url = new URL(text);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const loopback = options.allowLoopback && (host === 'localhost' || isLoopbackAddress(host));

  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && loopback)) {
    return refused(
      options.allowLoopback ? 'must start with https:// (or http:// to 127.0.0.0/8, ::1 or localhost)' : 'must start with https://',
    );
  }
  if (url.username !== '' || url.password !== '') return refused('must not contain a user name or password');
  if (url.port === '0') return refused('must not name port 0');
  if (loopback) return { kind: 'allowed', url };
  const problem = isIP(host) === 0 ? problemOfName(host) : problemOfAddress(host);
  return problem === undefined ? { kind: 'allowed', url } : refused(problem);
}

function problemOfAddress(address: string): string | undefined {
  return isPublicAddress(address)
    ? undefined
    : `must not point at ${address}: it is a private, loopback, link-local or otherwise reserved address`;
}

function problemOfName(host: string): string | undefined {
  if (host.endsWith('.')) return 'must not end its host name with a dot';
  const inside = insideNames.find((name) => host === name || host.endsWith(`.${name}`));
  if (inside !== undefined) return `must not point at ${host}: names under "${inside}" do not lead to the public internet`;
  if (!host.includes('.')) return `must not point at ${host}: a host name without a dot does not lead to the public internet`;
  if (host.length > 253) return 'must not have a host name longer than 253 characters';
  return undefined;
}

function refused(reason: string): EndpointCheck {
  return { kind: 'refused', reason };
}
