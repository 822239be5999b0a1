import { describe, expect, it } from 'vitest';
import { RelayError } from '#lib/errors.ts';
import { VerifiedHookRequest, type HookSecrets } from '#lib/okta/authenticity.ts';
import type { Org } from '#lib/okta/org.ts';
import { digestOf } from '#lib/okta/secret-digest.ts';
import { headerScheme, hookRequest, noon, openSecrets, orgWith, sealedAs, signature } from './authenticity-fixtures.ts';

async function isAuthentic(
  org: Org | undefined,
  request: Parameters<typeof hookRequest>[0],
  secrets: HookSecrets = openSecrets,
): Promise<boolean> {
  const verified = await VerifiedHookRequest.verify(hookRequest(request), org, { secrets, now: () => noon });
  return verified !== undefined;
}
const base64 = (text: string) => Buffer.from(text).toString('base64');
const at = (secondsFromNoon: number) => String(noon.getTime() / 1000 + secondsFromNoon);

describe('header scheme', () => {
  const org = orgWith(headerScheme('current secret', 'next secret'));

  it.each(['current secret', 'next secret'])('takes the value %j during a rotation', async (authorization) => {
    expect(await isAuthentic(org, { headers: { authorization } })).toBe(true);
  });

  it.each([
    '',
    ' ',
    'current secre',
    'current secret ',
    'Current secret',
    'current secret,current secret',
    'Bearer current secret',
    digestOf('current secret'),
    'секрет',
    '\u0000',
    '\ud800',
    'a'.repeat(1_000_000),
    '__proto__',
  ])('refuses the value %.40j', async (authorization) => {
    expect(await isAuthentic(org, { headers: { authorization } })).toBe(false);
  });

  it('refuses a request without the header', async () => {
    expect(await isAuthentic(org, { headers: { 'x-hook-secret': 'current secret' } })).toBe(false);
  });

  it('reads whichever header the org names', async () => {
    const named = orgWith({ kind: 'header', headerName: 'X-Hook-Secret', digests: [digestOf('s')] });
    expect(await isAuthentic(named, { headers: { 'x-hook-secret': 's' } })).toBe(true);
  });

  it('refuses an empty value even where the digest of nothing is on file', async () => {
    expect(await isAuthentic(orgWith(headerScheme('')), { headers: { authorization: '' } })).toBe(false);
  });

  it('takes any of several schemes of one org', async () => {
    const several = orgWith(headerScheme('one'), { kind: 'header', headerName: 'x-two', digests: [digestOf('two')] });
    expect(await isAuthentic(several, { headers: { 'x-two': 'two' } })).toBe(true);
    expect(await isAuthentic(several, { headers: { authorization: 'two', 'x-two': 'one' } })).toBe(false);
  });
});

describe('basic scheme', () => {
  const org = orgWith({ kind: 'basic', digests: [digestOf('okta:pa:ss'), digestOf('okta:käse')] });

  it.each([`Basic ${base64('okta:pa:ss')}`, `basic ${base64('okta:pa:ss')}`, `BASIC  ${base64('okta:käse')}`])(
    'takes %j',
    async (authorization) => {
      expect(await isAuthentic(org, { headers: { authorization } })).toBe(true);
    },
  );

  it.each([
    'Basic',
    'Basic ',
    `Basic${base64('okta:pa:ss')}`,
    'okta:pa:ss',
    base64('okta:pa:ss'),
    `Basic ${base64('okta:pa')}`,
    'Basic %%%',
    `Basic ${'A'.repeat(500_000)}`,
    'Basic \ud800',
  ])('refuses %.40j', async (authorization) => {
    expect(await isAuthentic(org, { headers: { authorization } })).toBe(false);
  });
});

describe('hmac scheme', () => {
  const org = orgWith({ kind: 'hmac', secrets: [sealedAs('key one'), sealedAs('key two')] });
  const body = '{"data":{"events":[]}}';
  const signed = (timestamp: string, ...signatures: string[]) => ({
    body,
    headers: { 'x-relay-timestamp': timestamp, 'x-relay-signature': signatures.join(',') },
  });

  it.each(['key one', 'key two'])('takes a signature by %s', async (key) => {
    expect(await isAuthentic(org, signed(at(0), signature(key, at(0), body)))).toBe(true);
  });

  it('takes one right signature among several', async () => {
    expect(await isAuthentic(org, signed(at(0), signature('old key', at(0), body), ` ${signature('key two', at(0), body)}`))).toBe(true);
  });

  it.each([-300, 0, 300])('takes a timestamp %d s from now', async (seconds) => {
    expect(await isAuthentic(org, signed(at(seconds), signature('key one', at(seconds), body)))).toBe(true);
  });

  it.each([-301, 301, 1e9])('refuses a timestamp %d s from now', async (seconds) => {
    expect(await isAuthentic(org, signed(at(seconds), signature('key one', at(seconds), body)))).toBe(false);
  });

  it.each(['', 'now', '1e9', '-1', `${at(0)}.0`, ` ${at(0)}`, '9'.repeat(400), 'NaN'])(
    'refuses the timestamp %.20j, though signed',
    async (timestamp) => {
      expect(await isAuthentic(org, signed(timestamp, signature('key one', timestamp, body)))).toBe(false);
    },
  );

  it.each([
    '',
    'v1=',
    'v1=00',
    `v1=${'0'.repeat(64)}`,
    `v0=${'0'.repeat(64)}`,
    'v1='.repeat(10_000),
    ','.repeat(10_000),
    'ü',
    `v1=${'g'.repeat(64)}`,
  ])('refuses the signature %.40j', async (given) => {
    expect(await isAuthentic(org, signed(at(0), given))).toBe(false);
  });

  it('refuses a signature over another body, by a key of nobody, or by the stand-in for a missing key', async () => {
    const one = orgWith({ kind: 'hmac', secrets: [sealedAs('key one')] });
    const standIn = '\0'.repeat(32);
    expect(await isAuthentic(one, signed(at(0), signature('key one', at(0), `${body} `)))).toBe(false);
    expect(await isAuthentic(one, signed(at(0), signature('key three', at(0), body)))).toBe(false);
    expect(await isAuthentic(one, signed(at(0), signature(standIn, at(0), body)))).toBe(false);
    expect(await isAuthentic(undefined, signed(at(0), signature(standIn, at(0), body)))).toBe(false);
  });

  it('refuses everything under an empty key', async () => {
    const empty = orgWith({ kind: 'hmac', secrets: [sealedAs('')] });
    expect(await isAuthentic(empty, signed(at(0), signature('', at(0), body)))).toBe(false);
  });

  it('has a GET sign the challenge', async () => {
    const headers = { 'x-relay-timestamp': at(0), 'x-okta-verification-challenge': 'abc' };
    const sign = (bytes: string) => ({
      target: 'challenge' as const,
      headers: { ...headers, 'x-relay-signature': signature('key one', at(0), bytes) },
    });
    expect(await isAuthentic(org, sign('abc'))).toBe(true);
    expect(await isAuthentic(org, sign(''))).toBe(false);
  });

  it('signs raw bytes, text or not', async () => {
    const bytes = Buffer.from([0xff, 0x00, 0xc3]);
    const request = { ...signed(at(0), signature('key one', at(0), bytes)), body: bytes };
    expect(await isAuthentic(org, request)).toBe(true);
  });
});

describe('a rotation', () => {
  const until = (seconds: number) => ({ previousUntil: new Date(noon.getTime() + seconds * 1_000).toISOString() });
  const header = (seconds: number) => orgWith({ ...headerScheme('new', 'old'), ...until(seconds) });
  const basic = (seconds: number) => orgWith({ kind: 'basic', digests: [digestOf('okta:new'), digestOf('okta:old')], ...until(seconds) });
  const hmac = (seconds: number) => orgWith({ kind: 'hmac', secrets: [sealedAs('new'), sealedAs('old')], ...until(seconds) });
  const sends = {
    header: (secret: string) => ({ headers: { authorization: secret } }),
    basic: (secret: string) => ({ headers: { authorization: `Basic ${base64(`okta:${secret}`)}` } }),
    hmac: (secret: string) => ({ headers: { 'x-relay-timestamp': at(0), 'x-relay-signature': signature(secret, at(0), '') } }),
  };

  it.each([
    ['header', header],
    ['basic', basic],
    ['hmac', hmac],
  ] as const)('of %s ends for the previous secret to the second, and never for the new one', async (kind, org) => {
    expect(await isAuthentic(org(1), sends[kind]('old'))).toBe(true);
    expect(await isAuthentic(org(0), sends[kind]('old'))).toBe(false);
    expect(await isAuthentic(org(-86_400), sends[kind]('old'))).toBe(false);
    expect(await isAuthentic(org(0), sends[kind]('new'))).toBe(true);
  });
});

it('refuses everything for an org that is disabled', async () => {
  const org: Org = { ...orgWith(headerScheme('right'), { kind: 'hmac', secrets: [sealedAs('key')] }), status: 'disabled' };
  expect(await isAuthentic(org, { headers: { authorization: 'right' } })).toBe(false);
  expect(await isAuthentic(org, { headers: { 'x-relay-timestamp': at(0), 'x-relay-signature': signature('key', at(0), '') } })).toBe(false);
  expect(await isAuthentic({ ...org, status: 'active' }, { headers: { authorization: 'right' } })).toBe(true);
});

describe('what a signed request is told by', () => {
  const org = orgWith({ kind: 'hmac', secrets: [sealedAs('key one'), sealedAs('key two')] });
  const signedBy = async (key: string, body: string, write: (signature: string) => string = (text) => text, org_ = org) => {
    const headers = { 'x-relay-timestamp': at(0), 'x-relay-signature': write(signature(key, at(0), body)) };
    const request = hookRequest({ body, headers });
    return (await VerifiedHookRequest.verify(request, org_, { secrets: openSecrets, now: () => noon }))?.signed;
  };

  it('is what was signed, however the signature is written and whichever key made it', async () => {
    const plain = await signedBy('key one', 'body');
    expect(plain).toEqual({ id: expect.stringMatching(/^[0-9a-f]{64}$/), validUntil: new Date(noon.getTime() + 300_000) });
    expect(await signedBy('key one', 'body', (text) => `v1=${text.slice(3).toUpperCase()}`)).toEqual(plain);
    expect(await signedBy('key one', 'body', (text) => `v0=x, ${text} ,v1=${'0'.repeat(64)}`)).toEqual(plain);
    expect(await signedBy('key two', 'body')).toEqual(plain);
    expect((await signedBy('key one', 'body '))?.id).not.toBe(plain?.id);
  });

  it('is nothing where a header proved the sender: that is the same in every request', async () => {
    const both = orgWith(headerScheme('right'), { kind: 'hmac', secrets: [sealedAs('key one')] });
    const headers = { authorization: 'right', 'x-relay-timestamp': at(0), 'x-relay-signature': signature('key one', at(0), '') };
    const verified = await VerifiedHookRequest.verify(hookRequest({ headers }), both, { secrets: openSecrets, now: () => noon });
    expect(verified).toBeDefined();
    expect(verified?.signed).toBeUndefined();
  });
});

describe('keys that are opened for a signed request', () => {
  const opened = async (org: Org | undefined, headers: Record<string, string> = { 'x-relay-signature': 'v1=00' }) => {
    const calls = { open: 0, decoy: 0 };
    const secrets: HookSecrets = {
      open: async (sealed) => ((calls.open += 1), sealed.ciphertext),
      openDecoy: async () => (calls.decoy += 1),
    };
    await isAuthentic(org, { headers }, secrets);
    return calls;
  };

  it('are two, real or not, whatever the org has and whether there is one', async () => {
    expect(await opened(orgWith({ kind: 'hmac', secrets: [sealedAs('a'), sealedAs('b')] }))).toEqual({ open: 2, decoy: 0 });
    expect(await opened(orgWith({ kind: 'hmac', secrets: [sealedAs('a')] }))).toEqual({ open: 1, decoy: 1 });
    expect(await opened(orgWith(headerScheme('right')))).toEqual({ open: 0, decoy: 2 });
    expect(await opened(undefined)).toEqual({ open: 0, decoy: 2 });
    expect(await opened({ ...orgWith({ kind: 'hmac', secrets: [sealedAs('a')] }), status: 'disabled' })).toEqual({ open: 0, decoy: 2 });
  });

  it('are none for a request that is not signed', async () => {
    expect(await opened(orgWith({ kind: 'hmac', secrets: [sealedAs('a')] }), {})).toEqual({ open: 0, decoy: 0 });
    expect(await opened(undefined, {})).toEqual({ open: 0, decoy: 0 });
  });
});

describe('a key that cannot be opened', () => {
  const away: HookSecrets = {
    open: async () => Promise.reject(new RelayError('KEY_UNAVAILABLE', 'away')),
    openDecoy: async () => undefined,
  };
  const org = orgWith(headerScheme('right'), { kind: 'hmac', secrets: [sealedAs('key')] });

  it('is thrown when it might have matched', async () => {
    await expect(isAuthentic(org, { headers: { 'x-relay-signature': `v1=${'0'.repeat(64)}` } }, away)).rejects.toMatchObject({
      code: 'KEY_UNAVAILABLE',
    });
  });

  it('does not matter when another scheme proves the sender, or nothing is signed', async () => {
    expect(await isAuthentic(org, { headers: { authorization: 'right', 'x-relay-signature': 'v1=' } }, away)).toBe(true);
    expect(await isAuthentic(org, { headers: { authorization: 'wrong' } }, away)).toBe(false);
  });
});

describe('an unknown org', () => {
  it.each([{ authorization: 'x' }, { authorization: '' }, { authorization: `Basic ${base64('a:b')}` }, {}])(
    'proves nothing with %j',
    async (headers) => {
      expect(await isAuthentic(undefined, { headers })).toBe(false);
    },
  );
});
