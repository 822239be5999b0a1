import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VerifiedHookRequest } from '#lib/okta/authenticity.ts';
import type { UnverifiedHookRequest } from '#lib/okta/hook-request.ts';
import { digestOf } from '#lib/okta/secret-digest.ts';
import { scaled } from '../../support/scale.ts';
import { headerScheme, noon, openSecrets, orgWith, sealedAs, signature } from './authenticity-fixtures.ts';

const secret = 'the hook secret';
const key = 'the signing key';
const org = orgWith(
  headerScheme(secret),
  { kind: 'basic', digests: [digestOf(`okta:${secret}`)] },
  { kind: 'hmac', secrets: [sealedAs(key)] },
);
const timestamp = String(noon.getTime() / 1000);

const verify = async (headers: ReadonlyMap<string, string>, body: Uint8Array, target: UnverifiedHookRequest['target'] = 'events') =>
  VerifiedHookRequest.verify({ orgId: 'acme', target, headers, body, sentAtMs: noon.getTime() }, org, {
    secrets: openSecrets,
    now: () => noon,
  });

const text = fc.oneof(
  fc.constant(secret),
  fc.constant(`Basic ${Buffer.from(`okta:${secret}`).toString('base64')}`),
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.constantFrom(
    '',
    ' ',
    secret,
    `${secret} `,
    secret.toUpperCase(),
    `${secret},${secret}`,
    digestOf(secret),
    '__proto__',
    'null',
    '\ud800',
  ),
  fc.string().map((more) => `Basic ${Buffer.from(`okta:${more}`).toString('base64')}`),
  fc.constantFrom(timestamp, `${timestamp}.0`, '1e9', '-1', `+${timestamp}`, `0x6`),
  fc.stringMatching(/^v1=[0-9a-f]{64}$/),
  fc.nat(2_000).map((times) => 'v1=,'.repeat(times)),
  fc.nat(9_000).map((times) => 'A'.repeat(times)),
);
const name = fc.constantFrom(
  'authorization',
  'x-relay-signature',
  'x-relay-timestamp',
  'x-okta-verification-challenge',
  '__proto__',
  'constructor',
  'x-other',
);
const headers = fc.array(fc.tuple(name, text), { maxLength: 6 }).map((pairs) => new Map(pairs));
const target = fc.constantFrom<UnverifiedHookRequest['target']>('challenge', 'events', 'other-method', 'other-path');

/** Told from the documented schemes alone. */
function provesByHeader(given: ReadonlyMap<string, string>): boolean {
  const authorization = given.get('authorization') ?? '';
  const credentials = /^basic +(\S+) *$/i.exec(authorization)?.[1];
  return (
    authorization === secret || (credentials !== undefined && Buffer.from(credentials, 'base64').equals(Buffer.from(`okta:${secret}`)))
  );
}

describe('headers of any kind', () => {
  it('prove nothing but what the schemes say, and never fail', async () => {
    let proved = 0;
    await fc.assert(
      fc.asyncProperty(headers, fc.uint8Array({ maxLength: 40 }), target, async (given, body, asked) => {
        const isProved = (await verify(given, body, asked)) !== undefined;
        expect(isProved).toBe(provesByHeader(given));
        proved += Number(isProved);
      }),
      { numRuns: scaled(20_000, 2_000) },
    );
    expect(proved).toBeGreaterThan(10);
  });
});

describe('a signature', () => {
  it('holds for the bytes that were signed, whatever they are, and for no other', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), fc.nat(199), fc.integer({ min: 1, max: 255 }), async (body, at, change) => {
        const signed = new Map([
          ['x-relay-timestamp', timestamp],
          ['x-relay-signature', signature(key, timestamp, body)],
        ]);
        expect(await verify(signed, body)).toBeDefined();
        const altered =
          body.length === 0
            ? Buffer.from([change])
            : Buffer.from(body.map((byte, place) => (place === at % body.length ? byte ^ change : byte)));
        expect(await verify(signed, altered)).toBeUndefined();
        expect(await verify(new Map([...signed, ['x-relay-timestamp', String(Number(timestamp) + 1)]]), body)).toBeUndefined();
      }),
      { numRuns: scaled(5_000, 500) },
    );
  });

  it('with one digit changed holds no more', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(63), fc.integer({ min: 1, max: 15 }), async (at, change) => {
        const right = signature(key, timestamp, 'body');
        const digit = (Number.parseInt(right[3 + at] ?? '0', 16) ^ change).toString(16);
        const wrong = `${right.slice(0, 3 + at)}${digit}${right.slice(4 + at)}`;
        const given = new Map([
          ['x-relay-timestamp', timestamp],
          ['x-relay-signature', wrong],
        ]);
        expect(await verify(given, Buffer.from('body'))).toBeUndefined();
      }),
      { numRuns: scaled(2_000, 500) },
    );
  });

  it.each([
    ['a megabyte of commas', ','.repeat(1_000_000)],
    ['a megabyte of spaces', `v1=${' '.repeat(1_000_000)}`],
    ['a megabyte of digits', `v1=${'a'.repeat(1_000_000)}`],
    ['a hundred thousand signatures', `v1=${'0'.repeat(64)},`.repeat(100_000)],
  ])('of %s is refused in bounded time', async (_name, given) => {
    const before = process.cpuUsage();
    const hostile = new Map([
      ['x-relay-timestamp', '9'.repeat(1_000_000)],
      ['x-relay-signature', given],
      ['authorization', `Basic ${' '.repeat(500_000)}${'A'.repeat(500_000)} `],
    ]);
    expect(await verify(hostile, Buffer.alloc(4 * 1024 * 1024))).toBeUndefined();
    const { user, system } = process.cpuUsage(before);
    // Of the processor's time, not the clock's: whoever else is busy on this machine counts in the clock.
    expect((user + system) / 1_000).toBeLessThan(1_000);
  });
});
