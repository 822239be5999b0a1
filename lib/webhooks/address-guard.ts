import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { hostNameProblem } from './host-name.ts';
import { isRefusedPort } from './refused-ports.ts';

/** Of all IPv6, only this block is given out for the public internet (IANA IPv6 address space registry). */
const globalUnicast = ipaddr.IPv6.parseCIDR('2000::/3');
/**
 * In a public block, and yet inside every machine of its cloud: the wire server of Azure.
 * https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16
 */
const cloudInsides: readonly string[] = ['168.63.129.16'];

/** Whether an IP address belongs to the public internet. Total: what is no IP address is not public. */
export function isPublicAddress(address: string): boolean {
  return addressRange(address) === 'unicast';
}

/**
 * What an IP address is: `unicast` on the public internet, or the range or rule that keeps it out, as ipaddr.js names it where it knows it.
 *
 * Private, loopback, link-local (169.254.169.254 with it), unique-local (fd00:ec2::254 with it), shared (100.64/10),
 * multicast, broadcast, benchmarking, documentation, otherwise reserved and unspecified addresses are not. Nor is any
 * IPv6 form that carries an IPv4 address (mapped, compatible, translated, NAT64, 6to4, Teredo, ISATAP), whichever one it carries:
 * no public endpoint needs one, and where it ends depends on a gateway we do not know. Only a NAT64 prefix that a network has
 * chosen from its own addresses cannot be told by looking (RFC 6052 §2.2); AWS has none but the well-known one.
 */
export function addressRange(address: string): string {
  const version = isIP(address);
  if (version === 0 || address.includes('%')) return 'no address';
  if (version === 4) return cloudInsides.includes(address) ? 'inside a cloud' : ipaddr.IPv4.parse(address).range();
  const parsed = ipaddr.IPv6.parse(address);
  const range = parsed.range();
  if (range !== 'unicast') return range;
  if (!parsed.match(globalUnicast)) return 'not in 2000::/3';
  return isIsatap(parsed) ? 'isatap' : range;
}

/** `…:0:5efe:a.b.c.d` under any prefix, with the universal and group bits either way (RFC 5214 §6.1). */
function isIsatap({ parts }: ipaddr.IPv6): boolean {
  return parts[5] === 0x5efe && ((parts[4] ?? 0) & 0xfcff) === 0;
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

/**
 * Whether a subscriber's URL may be sent to, as far as its text tells. It is no substitute for checking the addresses its
 * name resolves to, which the sender does for each connection.
 * `new URL` turns every spelling of an address (decimal, octal, hexadecimal, full-width) into the usual one, so that what is
 * checked here is what is connected to. A refusal says why, in words for the one who wrote the URL.
 */
export function checkEndpointUrl(text: string, options: GuardOptions): EndpointCheck {
  // `new URL` drops these without a word; a URL that changes when read is not what its author meant.
  if (/[\u0000-\u0020\u007f]/.test(text)) return refused('must not contain white space or control characters');
  // Not canParse: of a host beyond 16 KiB it says yes, and the constructor throws (Node 24).
  const url = URL.parse(text);
  if (url === null) return refused('is not a URL');
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const loopback = options.allowLoopback && (host === 'localhost' || isLoopbackAddress(host));

  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && loopback)) {
    return refused(
      options.allowLoopback ? 'must start with https:// (or http:// to 127.0.0.0/8, ::1 or localhost)' : 'must start with https://',
    );
  }
  // `new URL` forgives these, and other readers of the same text read another host out of it.
  if (!/^https?:\/\/[^/?#]/i.test(text) || text.includes('\\')) return refused('must have two slashes before its host, and no backslash');
  if (url.username !== '' || url.password !== '') return refused('must not contain a user name or password');
  if (url.port === '0') return refused('must not name port 0');
  if (loopback) return { kind: 'allowed', url };
  if (isRefusedPort(url.port)) return refused(`must not name port ${url.port}: it belongs to another protocol`);
  const problem = isIP(host) === 0 ? hostNameProblem(host) : problemOfAddress(host);
  return problem === undefined ? { kind: 'allowed', url } : refused(problem);
}

function problemOfAddress(address: string): string | undefined {
  const range = addressRange(address);
  return range === 'unicast' ? undefined : `must not point at ${address}: it is no public address (${range})`;
}

function refused(reason: string): EndpointCheck {
  return { kind: 'refused', reason };
}
