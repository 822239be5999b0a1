import { createHmac, randomBytes } from 'node:crypto';
import { VerifiedHookRequest } from '#lib/okta/authenticity.ts';
import { matchesAnyKey } from '#lib/okta/authenticity-hmac.ts';
import { orgSchema, type Authentication, type Org } from '#lib/okta/org.ts';
import { digestOf } from '#lib/okta/secret-digest.ts';
import { decoyBox } from '#lib/sealing/decoy-box.ts';
import { SecretBox } from '#lib/sealing/secret-box.ts';
import { memoryDataKeys } from './memory-data-keys.ts';
import { frontDoorGroup } from './timing-front-door.ts';
import { keptIn } from './timing-kept.ts';
import { plantedIn } from './timing-planted.ts';
import type { Pair, PairGroup } from './timing-pair.ts';
import type { Guess } from './timing-samples.ts';

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
    frontDoorGroup({ secrets, now, signing: hmac, withHeader: orgOf(headerOf(secret)) }),
  ];
}

interface DigestGroup {
  readonly guess: Guessing;
  readonly secret: string;
  /** As the scheme sends a secret. */
  readonly headers: (text: string) => Readonly<Record<string, string>>;
}

function digestGroup(kind: 'header' | 'basic', { guess, secret, headers }: DigestGroup): PairGroup {
  const scheme = (): Authentication => (kind === 'header' ? headerOf(secret) : { kind, digests: [digestOf(secret)] });
  const org = orgOf(scheme());
  const other = orgOf(scheme());
  const digests = other.authentication.flatMap((one) => (one.kind === 'hmac' ? [] : [one.digests]))[0] ?? [];
  const [first, last] = [changed(secret, 0), changed(secret, secret.length - 1)];
  const [atFirst, atLast] = [guess(org, headers(first)), guess(org, headers(last))];
  const against = (kept: string) => keptIn(digests, [digestOf(secret), digestOf(kept)], guess(other, headers(first)));
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
      { name: 'null: a secret or another of its length', kind: 'null', guesses: against(sameLength(secret)) },
      { name: 'a secret of this length or of another', kind: 'place', guesses: against(secret.slice(0, 22)) },
      { name: 'a known org or an unknown one', kind: 'alike', guesses: [atFirst, unknown] },
      { name: 'a disabled org or an unknown one', kind: 'alike', guesses: [guess({ ...org, status: 'disabled' }, headers(secret)), guess(undefined, headers(secret))] }, // prettier-ignore
    ],
  };
}

/** The step that compares, by itself: in a whole verification it is one part in thirty, and a leak of it would drown. */
function hmacStep(secret: string): PairGroup {
  const bytes = body.subarray(0, 32);
  const right = createHmac('sha256', secret).update(`${timestamp}.`).update(bytes).digest('hex');
  const guess = (hex: string, keys = [Buffer.from(secret)]): Guess => {
    return () => Promise.resolve(matchesAnyKey({ timestamp, signatures: `v1=${hex}`, bytes }, keys, now().getTime()));
  };
  const [first, last] = [changed(right, 0), changed(right, 63)];
  const guesses = [guess(first), guess(last)] as const;
  const keys = [Buffer.from(secret)];
  const under = (kept: string) => keptIn(keys, [Buffer.from(secret), Buffer.from(kept)], guess(first, keys));
  return {
    name: 'hmac, the step that compares',
    pairs: [
      { name: 'planted: stops at the first byte that differs', kind: 'planted', guesses: plantedIn(guesses, right, [first, last]) },
      { name: 'wrong at the first or the last digit', kind: 'place', guesses },
      { name: 'null: a key or another of its length', kind: 'null', guesses: under(sameLength(secret)) },
      { name: 'a key of this length or of another', kind: 'place', guesses: under(secret.slice(0, 22)) },
    ],
  };
}

function hmacWhole(hmac: Org, guess: Guessing, secret: string): PairGroup {
  const right = createHmac('sha256', secret).update(`${timestamp}.`).update(body).digest('hex');
  const signed = (hex: string) => ({ 'x-relay-timestamp': timestamp, 'x-relay-signature': `v1=${hex}` });
  const [first, last] = [signed(changed(right, 0)), signed(changed(right, 63))];
  const header = orgOf(headerOf(secret));
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

function headerOf(secret: string): Authentication {
  return { kind: 'header', headerName: 'authorization', digests: [digestOf(secret)] };
}

function sameLength(secret: string): string {
  return randomBytes(secret.length).toString('base64url').slice(0, secret.length);
}

function orgOf(scheme: Authentication): Org {
  return orgSchema.parse({ id: 'acme', hosts: ['acme.okta.com'], authentication: [scheme] });
}

/** The text with another character of its alphabet at this place. Through bytes: a string that is pieced together is read more slowly than one of a request. */
function changed(text: string, at: number): string {
  return Buffer.from(`${text.slice(0, at)}${text[at] === '0' ? '1' : '0'}${text.slice(at + 1)}`).toString('latin1');
}
