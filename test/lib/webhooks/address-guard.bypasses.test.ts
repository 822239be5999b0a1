import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { addressRange, checkEndpointUrl, isAllowedAddress } from '#lib/webhooks/address-guard.ts';

interface Advisory {
  readonly source: string;
  readonly about: string;
  /** The rule that refuses each of them: one of `rules`, or the range that its address is in by IANA's registries. */
  readonly because: string;
  /** Spellings of a host. */
  readonly hosts?: readonly string[];
  readonly urls?: readonly string[];
}

const advisories = JSON.parse(
  readFileSync(new URL('../../fixtures/addresses/bypasses.json', import.meta.url), 'utf8'),
) as readonly Advisory[];
const urlsOf = ({ hosts = [], urls = [] }: Advisory): string[] => [...hosts.map((host) => `https://${host}/hook`), ...urls];
const inAws = { allowLoopback: false };
const hostOf = (url: string): string => URL.parse(url)?.hostname.replace(/^\[|\]$/g, '') ?? '';

/** Rules that are no ranges, with what the guard says of each. */
const rules: Readonly<Record<string, (host: string) => string | RegExp>> = {
  'no URL': () => 'is not a URL',
  scheme: () => 'must start with https://',
  'white space': () => 'must not contain white space or control characters',
  slashes: () => 'must have two slashes before its host, and no backslash',
  credentials: () => 'must not contain a user name or password',
  'port 0': () => 'must not name port 0',
  'port of another protocol': () => /^must not name port \d+: it belongs to another protocol$/,
  'dot at the end': () => 'must not end its host name with a dot',
  'no dot': (host) => `must not point at ${host}: a host name without a dot does not lead to the public internet`,
  'long name': () => 'must not have a host name longer than 253 characters',
  'inside name': (host) => {
    const endings = host.split('.').map((_, at, labels) => labels.slice(at).join('[.]'));
    return new RegExp(`^must not point at ${host}: names under "(${endings.join('|')})" do not lead to the public internet$`);
  },
};
/** Names of ranges: those of IANA's special-purpose registries, and three of the guard's own. */
const ranges = ['unspecified', 'broadcast', 'multicast', 'linkLocal', 'loopback', 'carrierGradeNat', 'private', 'reserved', 'uniqueLocal', 'ipv4Mapped', 'deprecatedSiteLocal', 'discard', 'segmentRouting', 'rfc6145', 'rfc6052', '6to4', 'teredo', 'benchmarking', 'amt', 'as112v6', 'deprecatedOrchid', 'orchid2', 'inside a cloud', 'isatap', 'not in 2000::/3']; // prettier-ignore

function saidOf(because: string, url: string): RegExp | string {
  const host = hostOf(url);
  return rules[because]?.(host) ?? `must not point at ${host}: it is no public address (${because})`;
}

describe('published bypasses', () => {
  it('are many, each with its source', () => {
    expect(new Set(advisories.flatMap(urlsOf)).size).toBeGreaterThanOrEqual(150);
    expect(advisories.filter(({ source, about }) => !URL.canParse(source) || about === '')).toEqual([]);
    expect(advisories.filter(({ because }) => !(because in rules) && !ranges.includes(because))).toEqual([]);
  });

  it.each(advisories)('are refused as a URL, because of $because: $about ($source)', (advisory) => {
    for (const url of urlsOf(advisory)) {
      const said = saidOf(advisory.because, url);
      const reason = typeof said === 'string' ? said : (expect.stringMatching(said) as string);
      expect(checkEndpointUrl(url, inAws), url).toEqual({ kind: 'refused', reason });
    }
  });

  it.each(advisories.filter(({ because }) => ranges.includes(because)))('are in the range $because: $about ($source)', (advisory) => {
    expect(urlsOf(advisory).filter((url) => addressRange(hostOf(url)) !== advisory.because)).toEqual([]);
  });

  it.each(advisories.filter(({ hosts }) => hosts !== undefined))(
    'are refused as an address to connect to: $about ($source)',
    ({ hosts = [] }) => {
      const addresses = hosts.flatMap((host) => [host.replace(/^\[|\]$/g, ''), URL.parse(`https://${host}/`)?.hostname.replace(/^\[|\]$/g, '') ?? '']); // prettier-ignore
      expect(addresses.filter((address) => isAllowedAddress(address, inAws))).toEqual([]);
    },
  );

  it('are refused in local mode too, but for what is this machine', () => {
    const allowed = advisories.flatMap(urlsOf).filter((url) => checkEndpointUrl(url, { allowLoopback: true }).kind === 'allowed');
    const hosts = new Set(allowed.map((url) => new URL(url).hostname));
    expect([...hosts].filter((host) => host !== 'localhost' && host !== '[::1]' && !/^127\.[0-9.]+$/.test(host))).toEqual([]);
  });
});

/** Spellings that libraries disagree on: what is checked must be what is connected to, whichever it is. */
describe('a spelling that others read otherwise', () => {
  it.each([
    ['https://0127.0.0.1/', '87.0.0.1', 'https://nvd.nist.gov/vuln/detail/CVE-2021-28918'],
    ['https://010.8.8.8/', '8.8.8.8', 'https://nvd.nist.gov/vuln/detail/CVE-2021-29921'],
    ['https://7.7.7.017/', '7.7.7.15', 'https://github.com/golang/go/issues/30999'],
    ['https://01200034567/', '10.0.57.119', 'https://github.com/indutny/node-ip/issues/150'],
    ['https://134744072/', '8.8.8.8', 'https://github.com/frenchbread/private-ip/issues/14'],
    ['https://[2606:4700:4700:0::1111]/', '[2606:4700:4700::1111]', 'https://url.spec.whatwg.org/#concept-ipv6-serializer'],
  ])('%s is %s (%s)', (url, host) => {
    const check = checkEndpointUrl(url, inAws);
    expect(new URL(url).hostname).toBe(host);
    expect(check.kind).toBe(isAllowedAddress(host.replace(/^\[|\]$/g, ''), inAws) ? 'allowed' : 'refused');
    if (check.kind === 'allowed') expect(check.url.hostname).toBe(host);
  });
});

describe('an endpoint that is meant', () => {
  it.each([
    'https://hooks.example.com/',
    'https://HOOKS.example.com:443/',
    'https://hooks.example.com:8443/a',
    'https://my_hooks.example.com/',
    'https://xn--mnchen-3ya.example.com/',
    'https://münchen.example.com/',
    'https://a.b.c.d.e.example.co.uk/?x=https://127.0.0.1/',
    'https://localhost.example.com/',
    'https://metadata.example.com/latest/meta-data',
    'https://internal-tools.example.com/',
    'https://corp.example.com/',
    'https://168.63.129.17/',
    'https://[2606:4700::5eff:a00:1]/',
    'https://3com.example/',
    'https://default.example.com/',
    'https://metadata.azure.com.example.com/',
    'https://example.xn--p1ai/',
  ])('%s stays allowed', (url) => {
    expect(checkEndpointUrl(url, inAws)).toMatchObject({ kind: 'allowed' });
  });

  it.each([
    ['https://a..example.com/', 'letters, digits and dashes'],
    ['https://.example.com/', 'letters, digits and dashes'],
    ['https://-a.example.com/', 'letters, digits and dashes'],
    ['https://a-.example.com/', 'letters, digits and dashes'],
    ["https://a'b.example.com/", 'letters, digits and dashes'],
    ['https://a!b.example.com/', 'letters, digits and dashes'],
    [`https://${'a'.repeat(64)}.example.com/`, 'letters, digits and dashes'],
    ['https://hooks.example._tld/', 'top-level domain'],
    ['https://hooks.example.com./', 'must not end its host name with a dot'],
  ])('%s is no name on the public internet: %s', (url, reason) => {
    expect(checkEndpointUrl(url, inAws)).toEqual({ kind: 'refused', reason: expect.stringContaining(reason) as string });
  });

  it('has a host of up to 16 KiB of anything and still an answer', () => {
    // URL.canParse says yes to this one, and the constructor throws.
    const url = `https://Hooks${'mp'.repeat(9_000)}.example.com/`;
    expect(checkEndpointUrl(url, inAws)).toMatchObject({ kind: 'refused' });
  });
});
