import { createHmac, randomBytes } from 'node:crypto';
import { VerifiedHookRequest } from '#lib/okta/authenticity.ts';
import { matchesAnyKey } from '#lib/okta/authenticity-hmac.ts';
import { orgSchema, type Authentication, type Org } from '#lib/okta/org.ts';
import { digestOf } from '#lib/okta/secret-digest.ts';
import { decoyBox } from '#lib/sealing/decoy-box.ts';
import { SecretBox } from '#lib/sealing/secret-box.ts';
import { memoryDataKeys } from './memory-data-keys.ts';
import type { Guess } from './timing-samples.ts';

export interface Pair {
  readonly name: string;
  /** `place`: the same work with other bytes; must not be told apart. `alike`: other work; may differ by little. `planted`: must be told apart. */
  readonly kind: 'place' | 'alike' | 'planted';
  readonly guesses: readonly [Guess, Guess];
  /** Of the samples; all of them by default. */
  readonly share?: number;
}
export interface PairGroup {
  readonly name: string;
  readonly pairs: readonly Pair[];
}

const now = (): Date => new Date('2026-11-21T12:00:00.000Z');
const timestamp = String(now().getTime() / 1_000);
const body = randomBytes(2_048);
/** A whole `hmac` verification opens two secrets and takes ten times as long. */
const slowShare = 0.2;

type Guessing = (org: Org | undefined, headers: Readonly<Record<string, string>>) => Guess;

/** Pairs of wrong guesses, by what they are taken against. */
export async function timingGroups(): Promise<PairGroup[]> {
  const secret = randomBytes(32).toString('base64url');
  const box = new SecretBox(memoryDataKeys(), { now });
  const sealed = await box.seal(secret, { purpose: 'hook-secret', owner: 'acme' });
  const secrets = { open: box.open.bind(box), openDecoy: decoyBox({ now }) };
  const guess: Guessing = (org, headers) => {
    const request = {
      orgId: 'acme',
      target: 'events',
      headers: new Map(Object.entries(headers)),
      body,
      sentAtMs: now().getTime(),
    } as const;
    return () => VerifiedHookRequest.verify(request, org, { secrets, now });
  };
  const hmac = orgOf({ kind: 'hmac', secrets: [sealed] });
  return [
    digestGroup('header', { guess, secret, headers: (text) => ({ authorization: text }) }),
    digestGroup('basic', {
      guess,
      secret: Buffer.from(`okta:${secret}`).toString('latin1'),
      headers: (text) => ({ authorization: `Basic ${Buffer.from(text).toString('base64')}` }),
    }),
    hmacStep(secret),
    hmacWhole(hmac, guess, secret),
  ];
}

interface DigestGroup {
  readonly guess: Guessing;
  readonly secret: string;
  /** As the scheme sends a secret. */
  readonly headers: (text: string) => Readonly<Record<string, string>>;
}

function digestGroup(kind: 'header' | 'basic', { guess, secret, headers }: DigestGroup): PairGroup {
  const scheme = (of: string): Authentication =>
    kind === 'header' ? { kind, headerName: 'authorization', digests: [digestOf(of)] } : { kind, digests: [digestOf(of)] };
  const org = orgOf(scheme(secret));
  const [first, last] = [changed(secret, 0), changed(secret, secret.length - 1)];
  const [atFirst, atLast] = [guess(org, headers(first)), guess(org, headers(last))];
  const ofOtherLength = guess(orgOf(scheme(secret.slice(0, 22))), headers(first));
  const unknown = guess(undefined, headers(first));
  return {
    name: kind,
    pairs: [
      {
        name: 'planted: stops at the first byte that differs',
        kind: 'planted',
        guesses: plantedIn([atFirst, atLast], secret, [first, last]),
      },
      { name: 'wrong at the first or the last byte', kind: 'place', guesses: [atFirst, atLast] },
      { name: 'of the secret`s length or of another', kind: 'place', guesses: [atFirst, ofOtherLength] },
      { name: 'a known org or an unknown one', kind: 'alike', guesses: [atFirst, unknown] },
      { name: 'a disabled org or an unknown one', kind: 'alike', guesses: [guess({ ...org, status: 'disabled' }, headers(secret)), guess(undefined, headers(secret))] }, // prettier-ignore
    ],
  };
}

/** The step that compares, by itself: in a whole verification it is one part in thirty, and a leak of it would drown. */
function hmacStep(secret: string): PairGroup {
  const bytes = body.subarray(0, 32);
  const right = createHmac('sha256', secret).update(`${timestamp}.`).update(bytes).digest('hex');
  const guess = (of: string, hex: string): Guess => {
    const keys = [Buffer.from(of)];
    return () => Promise.resolve(matchesAnyKey({ timestamp, signatures: `v1=${hex}`, bytes }, keys, now().getTime()));
  };
  const [first, last] = [changed(right, 0), changed(right, 63)];
  const guesses = [guess(secret, first), guess(secret, last)] as const;
  return {
    name: 'hmac, the step that compares',
    pairs: [
      { name: 'planted: stops at the first byte that differs', kind: 'planted', guesses: plantedIn(guesses, right, [first, last]) },
      { name: 'wrong at the first or the last digit', kind: 'place', guesses },
      {
        name: 'under a key of this length or of another',
        kind: 'place',
        guesses: [guess(secret, first), guess(secret.slice(0, 22), first)],
      },
    ],
  };
}

function hmacWhole(hmac: Org, guess: Guessing, secret: string): PairGroup {
  const right = createHmac('sha256', secret).update(`${timestamp}.`).update(body).digest('hex');
  const signed = (hex: string) => ({ 'x-relay-timestamp': timestamp, 'x-relay-signature': `v1=${hex}` });
  const [first, last] = [signed(changed(right, 0)), signed(changed(right, 63))];
  const header = orgOf({ kind: 'header', headerName: 'authorization', digests: [digestOf(secret)] });
  const pair = (name: string, kind: 'place' | 'alike', guesses: Pair['guesses']): Pair => ({ name, kind, guesses, share: slowShare });
  return {
    name: 'hmac, the whole verification',
    pairs: [
      pair('wrong at the first or the last digit', 'alike', [guess(hmac, first), guess(hmac, last)]),
      pair('a known org or an unknown one', 'alike', [guess(hmac, first), guess(undefined, first)]),
      pair('an org that signs or one that does not', 'alike', [guess(hmac, first), guess(header, first)]),
    ],
  };
}

/** What must never be done: after the real work, a comparison that stops where the guess is wrong. Once, as a careless change would do it. */
function plantedIn(guesses: Pair['guesses'], secret: string, given: readonly [string, string]): Pair['guesses'] {
  const right = Buffer.from(secret);
  const plant = (guess: Guess, text: string): Guess => {
    const bytes = Buffer.from(text);
    return async () => {
      await guess();
      let at = 0;
      while (at < right.length && right[at] === bytes[at]) at += 1;
      return at === right.length;
    };
  };
  return [plant(guesses[0], given[0]), plant(guesses[1], given[1])];
}

function orgOf(scheme: Authentication): Org {
  return orgSchema.parse({ id: 'acme', hosts: ['acme.okta.com'], authentication: [scheme] });
}

/** The text with another character of its alphabet at this place. Through bytes: a string that is pieced together is read more slowly than one of a request. */
function changed(text: string, at: number): string {
  return Buffer.from(`${text.slice(0, at)}${text[at] === '0' ? '1' : '0'}${text.slice(at + 1)}`).toString('latin1');
}
