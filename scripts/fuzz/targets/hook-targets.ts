import { readRecord } from '#lib/fan-out/read-record.ts';
import { answerHook, readHookRequest } from '#lib/http/hook-endpoint.ts';
import { maxChangeBytes } from '#lib/identity/change.ts';
import { receiveHook } from '#lib/intake/receive-hook.ts';
import { digestOf } from '#lib/okta/secret-digest.ts';
import { inMemoryHooks } from '../../../test/lib/intake/in-memory-ports.ts';
import { headerScheme, hookRequest, noon, orgWith, sealedAs, signature } from '../../../test/lib/okta/authenticity-fixtures.ts';
import { gatewayEvent } from '../raw-call.ts';
import { events, hookBodyOf, jsonSeed, seedsOf } from '../seeds.ts';
import { defaultLimitMs, hold, type Target } from '../target.ts';

const headerSecret = 'fuzz-header-secret';
const basicPair = 'okta:fuzz-password';
const hmacKey = 'fuzz-hmac-key';
const org = orgWith(
  headerScheme(headerSecret),
  { kind: 'basic', digests: [digestOf(basicPair)] },
  { kind: 'hmac', secrets: [sealedAs(hmacKey)] },
);
const signedBody = '{"eventType":"com.okta.event_hook"}';
const nowSeconds = String(noon.getTime() / 1000);
const signed = `POST /okta/acme/events\nx-relay-timestamp: ${nowSeconds}\nx-relay-signature: ${signature(hmacKey, nowSeconds, signedBody)}\n\n${signedBody}`;

/** Lambda is invoked with 6 MB at most, of which base64 leaves so much for a body. */
const mostOfAHook = 4_500_000;

/** An authentic body. What is acknowledged must be kept: in the log, where fan-out can read it, or in quarantine. */
export const hookBody: Target = {
  name: 'hook-body',
  about: "Okta's hook bodies, after authenticity",
  shape: 'json',
  seeds: [
    ...events.map((event) => jsonSeed(hookBodyOf([event]))),
    jsonSeed(hookBodyOf(events.slice(0, 5))),
    jsonSeed(hookBodyOf([null, {}, events[0]])),
  ],
  words: ['"published":', '"uuid":', '"target":', '"source":', '\ufeff', '__proto__'],
  weight: 8,
  outcomes: ['accepted', 'accepted-in-part', 'quarantined'],
  limitMs: defaultLimitMs,
  largestBytes: mostOfAHook,
  async run(input) {
    const { parts, log, quarantine } = inMemoryHooks(org);
    const outcome = await receiveHook(hookRequest({ headers: { authorization: headerSecret }, body: input }), parts);
    for (const { value } of log.records) {
      hold(value.byteLength <= maxChangeBytes, 'a change in the log is of a size that can be carried');
      const record = { topic: 't', partition: 0, offset: 42, timestampMs: 0, key: null, value, headers: [] };
      hold(readRecord(record).kind === 'change', 'fan-out reads what receive-hook wrote');
    }
    if (outcome.kind !== 'accepted') {
      hold(quarantine.entries.size === 1, 'what is not accepted is in quarantine, whole');
      return outcome.kind;
    }
    hold(outcome.changes === log.records.length, 'the changes that are acknowledged are in the log');
    hold(outcome.reasons.length === 0 || quarantine.entries.size > 0, 'the events that are put aside are in quarantine');
    hold(outcome.changes + outcome.reasons.length > 0, 'an acknowledged body leaves something behind');
    return outcome.reasons.length === 0 ? 'accepted' : 'accepted-in-part';
  },
};

/** A whole request, of anybody. Only who proves to be the org's Okta gets past the door. */
export const hookRequests: Target = {
  name: 'hook-request',
  about: 'requests to /okta/*, authentic or not: path, method, headers, body',
  shape: 'text',
  seeds: [...seedsOf('hook-request'), Buffer.from(signed)],
  words: ['v1=', ',', 'Basic ', 'authorization: ', headerSecret, 'x-relay-signature: ', '__proto__: x', '/okta/', '/events', '%2e%2e/', nowSeconds, '\nx-okta-verification-challenge: '], // prettier-ignore
  weight: 8,
  outcomes: ['accepted', 'quarantined', 'challenged', 'refused', 'challenge-missing', 'other-method', 'other-path'],
  limitMs: defaultLimitMs,
  async run(input) {
    const request = readHookRequest(gatewayEvent(input));
    const { parts, log, quarantine } = inMemoryHooks(org);
    const outcome = await receiveHook(request, parts);
    if (outcome.kind === 'refused') {
      hold(log.records.length === 0 && quarantine.entries.size === 0, 'a refused request leaves nothing behind');
    } else {
      hold(isAuthentic(request), 'who gets past the door has the secret');
    }
    const { statusCode, body } = answerHook(outcome);
    hold([200, 400, 401, 404, 405].includes(statusCode), 'the answer is one of the table');
    hold(outcome.kind === 'challenged' || body === '', 'an answer has no body unless it is the challenge');
    return outcome.kind;
  },
};

/** The schemes, said a second time and more simply. */
function isAuthentic({ headers, body, target }: ReturnType<typeof readHookRequest>): boolean {
  const authorization = headers.get('authorization') ?? '';
  if (authorization === headerSecret) return true;
  const pair = /^basic +([^ ]+) *$/i.exec(authorization)?.[1];
  if (pair !== undefined && Buffer.from(pair, 'base64').toString('latin1') === basicPair) return true;
  const timestamp = headers.get('x-relay-timestamp') ?? '';
  const bytes = target === 'challenge' ? Buffer.from(headers.get('x-okta-verification-challenge') ?? '') : body;
  const expected = signature(hmacKey, timestamp, bytes).toLowerCase();
  const isFresh = Math.abs(Number(timestamp) - noon.getTime() / 1000) <= 300;
  return isFresh && (headers.get('x-relay-signature') ?? '').toLowerCase().split(',').some((part) => part.trim() === expected); // prettier-ignore
}

const signing = orgWith({ kind: 'hmac', secrets: [sealedAs(hmacKey)] });
const repeatedBody = JSON.stringify(hookBodyOf(events.slice(0, 1)));
const repeatedSignature = signature(hmacKey, nowSeconds, repeatedBody);
const ownHeaders: readonly string[] = ['x-relay-timestamp'];

/** A signed request that was accepted, once more under any headers: whoever has a copy and no key cannot have it worked again. */
export const hookRepeat: Target = {
  name: 'hook-repeat',
  about: 'an accepted signed request that is sent once more, under other headers',
  shape: 'text',
  seeds: seedsOf('hook-repeat').map((seed) => Buffer.from(Buffer.from(seed).toString('utf8').replaceAll('SIGNATURE', repeatedSignature))),
  words: ['v1=', ',', ' ', '\t', repeatedSignature, repeatedSignature.toUpperCase(), '\nx-relay-signature: ', '\nauthorization: ', 'v2='],
  weight: 4,
  outcomes: ['repeated', 'refused'],
  limitMs: defaultLimitMs,
  async run(input) {
    const { parts, log, quarantine } = inMemoryHooks(signing);
    const headers = { 'x-relay-timestamp': nowSeconds, 'x-relay-signature': repeatedSignature };
    const first = await receiveHook(hookRequest({ headers, body: repeatedBody }), parts);
    hold(first.kind === 'accepted' && log.records.length === 1, 'the first one is worked');
    const head = Buffer.concat([Buffer.from('POST /okta/acme/events\n'), Buffer.from(Buffer.from(input).toString('latin1').replaceAll('\n\n', '\n'), 'latin1')]); // prettier-ignore
    const given = readHookRequest(gatewayEvent(head)).headers;
    const others = [...given].filter(([name]) => !ownHeaders.includes(name));
    const again = hookRequest({ headers: { ...Object.fromEntries(others), 'x-relay-timestamp': nowSeconds }, body: repeatedBody });
    const outcome = await receiveHook(again, parts);
    hold(log.changes.length === 1 && quarantine.entries.size === 0, 'the second one is not');
    hold(answerHook(outcome).body === '', 'an answer has no body unless it is the challenge');
    return outcome.kind;
  },
};
