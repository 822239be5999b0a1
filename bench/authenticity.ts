import { createHmac, randomBytes } from 'node:crypto';
import { VerifiedHookRequest } from '#lib/okta/authenticity.ts';
import { orgSchema, type Authentication, type Org } from '#lib/okta/org.ts';
import { digestOf } from '#lib/okta/secret-digest.ts';
import { decoyBox } from '#lib/sealing/decoy-box.ts';
import { SecretBox } from '#lib/sealing/secret-box.ts';
import type { Bench } from './bench.ts';
import { leakOf, type Guess, type Pair } from './leak.ts';
import { memoryDataKeys } from './memory-data-keys.ts';

/** Of each guess, when the caller does not say. */
const defaultSamples = 10_000;

/**
 * Does the time that a refusal takes tell anything? Pairs of wrong guesses are compared. The control, a comparison that stops at the
 * first difference, must be found out; otherwise the others say nothing. Keys are at hand, as in a warm environment, and the step of a
 * refusal is left out. This is a statistic on a machine that others use too: it belongs here, not among the tests.
 */
export const timing: Bench = {
  name: 'timing',
  about: 'whether the time of a refusal tells what was wrong; samples of each guess may follow (10000)',
  async run([given]) {
    const samples = given === undefined ? defaultSamples : Number(given);
    if (!Number.isInteger(samples) || samples < 100) throw new Error('The number of samples is a whole number from 100');
    console.log(`${samples} samples of each guess; means without the slowest tenth\n`);
    for (const pair of await pairs()) {
      const { meansNs, t, isGood } = await leakOf(pair, samples);
      const [a, b] = meansNs.map((mean) => `${(mean / 1_000).toFixed(2)} µs`);
      console.log(`${isGood ? 'good' : 'BAD '}  ${pair.kind.padEnd(8)}${pair.name.padEnd(48)}${a} / ${b}  t = ${t.toFixed(2)}`);
      if (!isGood) process.exitCode = 1;
    }
  },
};

const now = (): Date => new Date('2026-11-21T12:00:00.000Z');
const timestamp = String(now().getTime() / 1_000);
const body = randomBytes(2_048);

async function pairs(): Promise<Pair[]> {
  const secret = randomBytes(32).toString('base64url');
  const box = new SecretBox(memoryDataKeys(), { now });
  const sealed = await box.seal(secret, { purpose: 'hook-secret', owner: 'acme' });
  const secrets = { open: box.open.bind(box), openDecoy: decoyBox({ now }) };
  const guess = (org: Org | undefined, headers: Record<string, string>): Guess => {
    const request = {
      orgId: 'acme',
      target: 'events',
      headers: new Map(Object.entries(headers)),
      body,
      sentAtMs: now().getTime(),
    } as const;
    return () => VerifiedHookRequest.verify(request, org, { secrets, now });
  };
  const header = orgOf({ kind: 'header', headerName: 'authorization', digests: [digestOf(secret)] });
  const basic = orgOf({ kind: 'basic', digests: [digestOf(`okta:${secret}`)] });
  const hmac = orgOf({ kind: 'hmac', secrets: [sealed] });
  const right = createHmac('sha256', secret).update(`${timestamp}.`).update(body).digest('hex');
  const [first, last] = [changed(secret, 0), changed(secret, secret.length - 1)];
  const plain = (text: string) => ({ authorization: text });
  const credentials = (text: string) => plain(`Basic ${Buffer.from(`okta:${text}`).toString('base64')}`);
  const signed = (hex: string) => ({ 'x-relay-timestamp': timestamp, 'x-relay-signature': `v1=${hex}` });
  const wrong = signed(changed(right, 0));
  return [
    { name: 'control: stops at the first difference', kind: 'control', guesses: [naive(secret, first), naive(secret, last)] },
    {
      name: 'header: wrong at the first or last character',
      kind: 'place',
      guesses: [guess(header, plain(first)), guess(header, plain(last))],
    },
    {
      name: 'basic: wrong at the first or last character',
      kind: 'place',
      guesses: [guess(basic, credentials(first)), guess(basic, credentials(last))],
    },
    {
      name: 'hmac: wrong at the first or last digit',
      kind: 'place',
      guesses: [guess(hmac, wrong), guess(hmac, signed(changed(right, 63)))],
    },
    { name: 'header or no such org', kind: 'alike', guesses: [guess(header, plain(first)), guess(undefined, plain(first))] },
    { name: 'basic or no such org', kind: 'alike', guesses: [guess(basic, credentials(first)), guess(undefined, credentials(first))] },
    { name: 'hmac or no such org', kind: 'alike', guesses: [guess(hmac, wrong), guess(undefined, wrong)] },
    { name: 'hmac or header, signed', kind: 'alike', guesses: [guess(hmac, wrong), guess(header, wrong)] },
    {
      name: 'disabled or no such org',
      kind: 'alike',
      guesses: [guess({ ...header, status: 'disabled' }, plain(secret)), guess(undefined, plain(secret))],
    },
  ];
}

function orgOf(scheme: Authentication): Org {
  return orgSchema.parse({ id: 'acme', hosts: ['acme.okta.com'], authentication: [scheme] });
}

/** The text with another character of its alphabet at this place. */
function changed(text: string, at: number): string {
  return `${text.slice(0, at)}${text[at] === '0' ? '1' : '0'}${text.slice(at + 1)}`;
}

/** What must never be done, a hundred times over so that the clock can see it. */
function naive(secret: string, given: string): Guess {
  return async () => {
    let equal = 0;
    for (let round = 0; round < 100; round += 1) {
      let at = 0;
      while (at < secret.length && secret.charCodeAt(at) === given.charCodeAt(at)) at += 1;
      equal += at;
    }
    return equal;
  };
}
