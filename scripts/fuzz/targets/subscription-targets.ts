import { isIP, BlockList } from 'node:net';
import { checkEndpointUrl } from '#lib/webhooks/address-guard.ts';
import { compileFilter } from '#lib/subscriptions/scim-filter/compile-filter.ts';
import { matchesTypePattern, typePatternProblem } from '#lib/subscriptions/type-pattern.ts';
import { changes, seedsOf } from '../seeds.ts';
import { defaultLimitMs, hold, type Target } from '../target.ts';

const textOf = (input: Uint8Array): string => Buffer.from(input).toString('utf8');

export const scimFilter: Target = {
  name: 'scim-filter',
  about: "a subscription's SCIM filter, and what it costs on every change",
  shape: 'text',
  seeds: seedsOf('scim-filter'),
  words: [' and ', ' or ', 'not (', '(', ')', '[', ']', ' pr', ' eq ', ' co ', ' ne ', 'null', '"', '\\', '\\u0041', 'user.', '$ref', 'type', '1e309', '-0', '__proto__', 'constructor.name', 'urn:ietf:params:scim:', '2026-11-21T12:00:00+14:00'], // prettier-ignore
  weight: 10,
  outcomes: ['compiled', 'invalid'],
  limitMs: defaultLimitMs,
  run(input) {
    const filter = compileFilter(textOf(input));
    if (filter.kind === 'invalid') {
      hold(filter.detail.length < 3_000, 'a refusal is no longer than what is refused');
      return filter.kind;
    }
    for (const change of changes.slice(0, 6)) hold(typeof filter.matches(change) === 'boolean', 'a filter answers yes or no');
    return filter.kind;
  },
};

export const typePattern: Target = {
  name: 'type-pattern',
  about: "a subscription's types",
  shape: 'text',
  seeds: seedsOf('type-pattern'),
  words: ['*', '.', 'okta.', 'identity.', 'user', '_', '-'],
  weight: 4,
  outcomes: ['fits', 'problem'],
  limitMs: defaultLimitMs,
  run(input) {
    const pattern = textOf(input);
    const problem = typePatternProblem(pattern);
    if (problem !== undefined) return 'problem';
    for (const { type } of changes) hold(typeof matchesTypePattern(pattern, type) === 'boolean', 'a pattern answers yes or no');
    return 'fits';
  },
};

/**
 * What must never be connected to, by another library than the guard's and from the IANA registries. Two lists: one alone takes
 * every IPv4 address for the IPv6 address it is mapped to.
 */
const forbidden = { 4: new BlockList(), 6: new BlockList() };
for (const [address, prefix] of [['0.0.0.0', 8], ['10.0.0.0', 8], ['100.64.0.0', 10], ['127.0.0.0', 8], ['169.254.0.0', 16], ['172.16.0.0', 12], ['192.0.0.0', 24], ['192.0.2.0', 24], ['192.88.99.0', 24], ['192.168.0.0', 16], ['198.18.0.0', 15], ['198.51.100.0', 24], ['203.0.113.0', 24], ['224.0.0.0', 3]] as const) forbidden[4].addSubnet(address, prefix, 'ipv4'); // prettier-ignore
for (const [address, prefix] of [['::', 3], ['2001::', 23], ['2001:db8::', 32], ['2002::', 16], ['3fff::', 20], ['4000::', 2], ['8000::', 1]] as const) forbidden[6].addSubnet(address, prefix, 'ipv6'); // prettier-ignore

export const endpointUrl: Target = {
  name: 'endpoint-url',
  about: "a subscription's URL, as the address guard reads it",
  shape: 'text',
  seeds: seedsOf('endpoint-url'),
  words: ['https://', '@', '#', '?', '\\', '%2e', '%00', '。', '０', '①', 'ⓛocalhost', '0x', '0177.', '.1', '.', ':443', ':0', '[', ']', '::', 'ffff:', '%25eth0', 'localhost', '.local', '127.0.0.1', '169.254.169.254', 'xn--', '\u00ad', '\u200d', '//'], // prettier-ignore
  weight: 10,
  outcomes: ['allowed', 'refused'],
  limitMs: defaultLimitMs,
  run(input) {
    const text = textOf(input);
    const check = checkEndpointUrl(text, { allowLoopback: false });
    if (check.kind === 'refused') return check.kind;
    hold(check.url.protocol === 'https:' && check.url.username === '' && check.url.password === '', 'HTTPS, and no credentials');
    const host = check.url.hostname.replace(/^\[|\]$/g, '');
    const version = isIP(host);
    if (version === 4) hold(!forbidden[4].check(host, 'ipv4'), 'an allowed IPv4 address is a public one');
    else if (version === 6) hold(!forbidden[6].check(host, 'ipv6'), 'an allowed IPv6 address is a public one');
    else hold(/^([a-z0-9_-]+\.)+[a-z0-9-]*[a-z][a-z0-9-]*$/.test(host), 'an allowed name has a dot, and no number for an ending');
    hold(checkEndpointUrl(text, { allowLoopback: true }).kind === 'allowed', 'local mode allows no less');
    return check.kind;
  },
};
