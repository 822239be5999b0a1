import { beforeEach, describe, expect, it } from 'vitest';
import { RelayError } from '#lib/errors.ts';
import { answerHook } from '#lib/http/hook-endpoint.ts';
import { maxChangeBytes } from '#lib/identity/change.ts';
import { CachedOrgStore } from '#lib/intake/cached-org-store.ts';
import { HookBinding } from '#lib/intake/hook-binding.ts';
import { receiveHook, type ReceivingHooks } from '#lib/intake/receive-hook.ts';
import type { HookOutcome } from '#lib/intake/hook-outcome.ts';
import type { Org } from '#lib/okta/org.ts';
import { maxHookBodyBytes } from '#lib/okta/hook-envelope.ts';
import { senderRanges } from '#lib/okta/sender-ranges.ts';
import { headerScheme, hookRequest, noon, orgWith, sealedAs, signature } from '../okta/authenticity-fixtures.ts';
import { hookBody, oktaEvent } from './events.ts';
import { inMemoryHooks } from './in-memory-ports.ts';

const acme = orgWith(headerScheme('right'));
let { orgs, log, quarantine, senders, parts } = inMemoryHooks(acme);
beforeEach(() => {
  ({ orgs, log, quarantine, senders, parts } = inMemoryHooks(acme));
});

type Given = Parameters<typeof hookRequest>[0];
const receive = (given: Given, more: Partial<ReceivingHooks> = {}) =>
  receiveHook(hookRequest({ ...given, headers: { authorization: 'right', ...given?.headers } }), { ...parts, ...more });
const post = (body: string | Uint8Array) => receive({ body });

describe('authenticity', () => {
  it.each([
    ['a wrong secret', 'acme'],
    ['an unknown org', 'other'],
    ['a name no org can have', '../acme'],
    ['no name', ''],
  ])('refuses %s', async (_name, orgId) => {
    const request = { ...hookRequest({ headers: { authorization: 'wrong' }, body: hookBody([oktaEvent('1')]) }), orgId };
    expect(await receiveHook(request, parts)).toEqual({ kind: 'refused' });
    expect([log.records.length, quarantine.entries.size]).toEqual([0, 0]);
  });

  it.each(['challenge', 'events', 'other-method', 'other-path'] as const)('comes before all else for %s', async (target) => {
    expect(await receive({ target, headers: { authorization: 'wrong', 'x-okta-verification-challenge': 'c' } })).toEqual({
      kind: 'refused',
    });
  });

  it('takes a secret that was rotated in after the environment read the old one', async () => {
    let nowMs = noon.getTime();
    const store = new CachedOrgStore(orgs, { now: () => new Date(nowMs) });
    await receive({ target: 'challenge' }, { orgs: store });
    orgs.orgs.set(acme.id, orgWith(headerScheme('next')));
    nowMs += 5_000;
    expect(await receive({ body: hookBody([oktaEvent('1')]), headers: { authorization: 'next' } }, { orgs: store })).toMatchObject({
      kind: 'accepted',
    });
  });

  it('reads the org again at most once a second, however many secrets are wrong', async () => {
    const store = new CachedOrgStore(orgs, { now: () => noon });
    for (let i = 0; i < 20; i += 1) await receive({ headers: { authorization: `wrong ${i}` } }, { orgs: store });
    expect(orgs.reads).toBe(1);
  });
});

describe('a wrong secret, more than a second after the org was read', () => {
  const wrong = { headers: { authorization: 'wrong', 'x-relay-timestamp': '1', 'x-relay-signature': `v1=${'0'.repeat(64)}` } };
  const hmac = orgWith({ kind: 'hmac', secrets: [sealedAs('key')] });

  /** Secrets, real or not, that a request opens; `meanwhile` the stored org becomes another. */
  async function openedBy(org: Org | undefined, meanwhile = org): Promise<{ outcome: HookOutcome; opened: number }> {
    let nowMs = noon.getTime();
    let opened = 0;
    const now = () => new Date(nowMs);
    const hold = (held: Org | undefined) => (held === undefined ? orgs.orgs.delete(acme.id) : orgs.orgs.set(acme.id, held));
    // Like a table, and unlike the memory of a test: each read makes an object of its own.
    const store = new CachedOrgStore({ find: async (id) => structuredClone(await orgs.find(id)) }, { now });
    const count = async () => String((opened += 1));
    const warm = { orgs: store, now, secrets: { open: count, openDecoy: count } };
    hold(org);
    await receive(wrong, warm);
    hold(meanwhile);
    nowMs += 1_001;
    opened = 0;
    return { outcome: await receive(wrong, warm), opened };
  }

  it.each([
    ['an org that signs', hmac],
    ['an org with a header', acme],
    ['a disabled org', { ...hmac, status: 'disabled' as const }],
    ['an unknown org', undefined],
    ['an org of which something else has changed', hmac, { ...hmac, hosts: ['other.okta.com'] }],
  ])('costs one verification for %s', async (_name, org, meanwhile?: Org) => {
    expect(await openedBy(org, meanwhile)).toEqual({ outcome: { kind: 'refused' }, opened: 2 });
  });

  it.each([
    ['another secret', acme, hmac],
    ['a longer overlap', hmac, orgWith({ kind: 'hmac', secrets: [sealedAs('key')], previousUntil: noon.toISOString() })],
    ['another status', { ...hmac, status: 'disabled' as const }, hmac],
  ])('is verified once more where the org has %s by now', async (_name, org, meanwhile) => {
    expect((await openedBy(org, meanwhile)).opened).toBe(4);
  });
});

describe('the handshake', () => {
  it('gives the challenge back', async () => {
    expect(await receive({ target: 'challenge', headers: { 'x-okta-verification-challenge': 'abc' } })).toEqual({
      kind: 'challenged',
      org: 'acme',
      verification: 'abc',
    });
  });

  it('says when there is no challenge', async () => {
    expect(await receive({ target: 'challenge' })).toEqual({ kind: 'challenge-missing', org: 'acme' });
  });
});

it.each(['other-method', 'other-path'] as const)('says %s', async (target) => {
  expect(await receive({ target })).toEqual({ kind: target, org: 'acme' });
});

describe('events', () => {
  it('are appended before they are accepted', async () => {
    expect(await post(hookBody([oktaEvent('1')]))).toEqual({
      kind: 'accepted',
      org: 'acme',
      events: 1,
      changes: 1,
      reasons: [],
      traceparent: `00-${'ab'.repeat(16)}-${'ab'.repeat(8)}-01`,
    });
    expect(log.records).toMatchObject([
      {
        key: 'acme:00uAna',
        headers: {
          ce_id: '1',
          ce_type: 'identity.user.deactivated',
          'content-type': 'application/cloudevents+json',
          traceparent: `00-${'ab'.repeat(16)}-${'ab'.repeat(8)}-01`,
        },
      },
    ]);
    expect(log.changes).toMatchObject([
      { id: '1', recordedtime: noon.toISOString(), origin: 'hook', data: { okta: { hookRequestId: 'delivery-1' } } },
    ]);
  });

  it('go in the order they were published in; those of one instant keep theirs', async () => {
    const at = (uuid: string, seconds: string) => oktaEvent(uuid, { published: `2026-11-21T11:00:${seconds}Z` });
    await post(hookBody([at('c', '03'), at('a', '01.500'), at('b1', '02'), at('first', '01'), at('b2', '02.000'), at('b0', '02')]));
    expect(log.changes.map(({ id }) => id)).toEqual(['first', 'a', 'b1', 'b2', 'b0', 'c']);
  });

  it('with the same uuid make one change', async () => {
    expect(await post(hookBody([oktaEvent('1'), oktaEvent('2'), oktaEvent('1')]))).toMatchObject({ events: 3, changes: 2, reasons: [] });
    expect(log.changes.map(({ id }) => id)).toEqual(['1', '2']);
  });

  it("carry the sender's trace context", async () => {
    const traceparent = `00-${'1'.repeat(32)}-${'2'.repeat(16)}-00`;
    await receive({ body: hookBody([oktaEvent('1')]), headers: { traceparent } });
    expect(log.records[0]?.headers['traceparent']).toBe(traceparent);
  });

  it('that cannot be read are quarantined one by one, and the rest goes on', async () => {
    const outcome = await post(
      hookBody([
        oktaEvent('1'),
        null,
        oktaEvent('', {}),
        oktaEvent('4', { published: 'soon' }),
        oktaEvent('5', { eventType: null }),
        oktaEvent('6'),
      ]),
    );
    expect(outcome).toMatchObject({
      kind: 'accepted',
      events: 6,
      changes: 2,
      reasons: ['event-not-an-object', 'event-without-uuid', 'event-without-time', 'event-without-type'],
    });
    const kept = [...quarantine.entries.values()];
    expect(kept.map(({ org, receivedAt }) => [org, receivedAt])).toEqual(kept.map(() => ['acme', noon]));
    expect(JSON.parse(Buffer.from(kept[2]?.body ?? []).toString())).toMatchObject({ uuid: '4', published: 'soon' });
  });

  it('that make too large a change are quarantined, and the rest goes on', async () => {
    const large = oktaEvent('large', { eventType: 'app.custom', debugContext: { debugData: { note: 'x'.repeat(maxChangeBytes) } } });
    expect(await post(hookBody([large, oktaEvent('2')]))).toMatchObject({ changes: 1, reasons: ['change-too-large'] });
    expect(quarantine.reasons).toEqual(['change-too-large']);
  });

  it('of a type longer than an attribute may be become changes under its digest, or are quarantined where the change is too large', async () => {
    const events = [oktaEvent('long', { eventType: 'x'.repeat(100_000) }), oktaEvent('longer', { eventType: 'x'.repeat(300_000) })];
    expect(await post(hookBody(events))).toMatchObject({ changes: 1, reasons: ['change-too-large'] });
    expect(log.changes.map(({ type }) => type)).toEqual([expect.stringMatching(/^okta\.sha256=[0-9a-f]{64}$/)]);
  });

  it('nested 100,000 levels deep are quarantined, and the rest goes on', async () => {
    const deep = '{"a":'.repeat(100_000) + '1' + '}'.repeat(100_000);
    const readable = JSON.stringify(oktaEvent('deep', { eventType: 'app.custom' })).replace(/}$/, `,"debugContext":${deep}}`);
    const body = `{"data":{"events":[${readable},${deep},${'['.repeat(100_000)}${']'.repeat(100_000)},${JSON.stringify(oktaEvent('2'))}]}}`;
    expect(await post(body)).toMatchObject({ changes: 1, reasons: ['event-without-uuid', 'event-not-an-object', 'change-too-large'] });
    expect(quarantine.entries.size).toBe(3);
  });

  it('cannot reach a prototype', async () => {
    const body = `{"data":{"events":[{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}},${JSON.stringify(oktaEvent('1', { eventType: 'app.custom' })).replace(/}$/, ',"__proto__":{"polluted":true}}')}]}}`;
    expect(await post(body)).toMatchObject({ kind: 'accepted', changes: 1 });
    expect(Object.keys(Object.prototype)).toEqual([]);
    expect('polluted' in {}).toBe(false);
  });
});

describe('a body that cannot be read', () => {
  it.each([
    ['empty', '', 'empty-body'],
    ['not JSON', 'hello', 'not-json'],
    ['another hook', JSON.stringify({ eventType: 'com.okta.import.transform' }), 'not-an-event-hook'],
    ['without events', hookBody([]), 'no-events'],
    ['of another org', hookBody([oktaEvent('1')], { source: 'https://other.okta.com/x' }), 'source-mismatch'],
    ['too large', hookBody([]).padEnd(maxHookBodyBytes + 1), 'body-too-large'],
  ])('(%s) is quarantined whole, byte for byte', async (_name, body, reason) => {
    expect(await post(body)).toEqual({ kind: 'quarantined', org: 'acme', reason });
    const [entry] = quarantine.entries.values();
    expect(entry).toMatchObject({ org: 'acme', reason, receivedAt: noon });
    expect(Buffer.from(entry?.body ?? []).equals(Buffer.from(body))).toBe(true);
    expect(log.records).toEqual([]);
  });
});

it("adds nothing to quarantine on Okta's retry", async () => {
  const bodies = ['', 'hello', hookBody([null, null, {}, oktaEvent('1')])];
  for (const body of bodies) await post(body);
  const first = [...quarantine.entries.keys()];
  expect(first.length).toBe(5);
  for (const body of bodies) await post(body);
  expect([...quarantine.entries.keys()]).toEqual(first);
});

describe('what is out of reach', () => {
  it.each([
    ['the org store', () => (orgs.health = 'unreachable'), 'ORG_STORE_UNAVAILABLE'],
    ['the log', () => (log.health = 'unreachable'), 'CHANGE_LOG_UNAVAILABLE'],
    ['quarantine', () => (quarantine.health = 'unreachable'), 'QUARANTINE_UNAVAILABLE'],
  ])('(%s) makes the request unavailable', async (_name, fail, code) => {
    fail();
    expect(await post(hookBody([oktaEvent('1'), null]))).toMatchObject({ kind: 'unavailable', error: { code } });
  });

  it.each([
    ['the org store', () => (orgs.health = 'silent'), 'ORG_STORE_UNAVAILABLE'],
    ['the log', () => (log.health = 'silent'), 'CHANGE_LOG_UNAVAILABLE'],
    ['quarantine', () => (quarantine.health = 'silent'), 'QUARANTINE_UNAVAILABLE'],
  ])('(%s, saying nothing) makes the request unavailable in time', async (_name, fail, code) => {
    fail();
    const late = () => new Date(noon.getTime() + 2_250);
    expect(await receive({ body: hookBody([oktaEvent('1'), null]) }, { now: late })).toMatchObject({
      kind: 'unavailable',
      error: { code, facts: { reason: 'out-of-time' } },
    });
  });

  it('(a key) makes a signed request unavailable', async () => {
    orgs.orgs.set(acme.id, orgWith({ kind: 'hmac', secrets: [sealedAs('k')] }));
    const secrets = { open: () => Promise.reject(new RelayError('KEY_UNAVAILABLE', 'away')), openDecoy: async () => undefined };
    expect(await receive({ headers: { 'x-relay-signature': 'v1=00' } }, { secrets })).toMatchObject({
      kind: 'unavailable',
      error: { code: 'KEY_UNAVAILABLE' },
    });
  });

  it('(the org store, of a warm environment) leaves the right secret working, and a wrong one undecided', async () => {
    let nowMs = noon.getTime();
    const clock = { now: () => new Date(nowMs), orgs: new CachedOrgStore(orgs, { now: () => new Date(nowMs) }) };
    await receive({ target: 'challenge' }, clock);
    orgs.health = 'unreachable';
    nowMs += 5 * 60_000;
    expect(await receive({ body: hookBody([oktaEvent('1')]) }, clock)).toMatchObject({ kind: 'accepted' });
    expect(await receive({ headers: { authorization: 'wrong, or rotated in' } }, clock)).toMatchObject({ kind: 'unavailable' });
  });

  it('does not matter where it is not needed', async () => {
    log.health = 'unreachable';
    expect(await post('hello')).toMatchObject({ kind: 'quarantined' });
    log.health = 'working';
    quarantine.health = 'unreachable';
    expect(await post(hookBody([oktaEvent('1')]))).toMatchObject({ kind: 'accepted' });
  });

  it('does not hide a bug', async () => {
    const broken = { find: () => Promise.reject(new TypeError('bug')) };
    await expect(receive({ body: '' }, { orgs: broken })).rejects.toThrow(TypeError);
  });
});

describe('time', () => {
  const budgetAfter = async (elapsedMs: number) => {
    await receive({ body: hookBody([oktaEvent('1')]) }, { now: () => new Date(noon.getTime() + elapsedMs) });
    return log.budgetsMs[0];
  };

  it.each([
    [0, 1_100],
    [1_000, 1_100],
    [1_700, 600],
  ])('after %d ms leaves the log %d ms', async (elapsedMs, budgetMs) => {
    expect(await budgetAfter(elapsedMs)).toBe(budgetMs);
  });

  it('that is up makes the request unavailable without starting anything', async () => {
    expect(await receive({ body: hookBody([oktaEvent('1')]) }, { now: () => new Date(noon.getTime() + 2_400) })).toMatchObject({
      kind: 'unavailable',
    });
    expect(log.budgetsMs).toEqual([]);
  });

  it.each([
    ['from the future', -5_000],
    ['long ago', 60_000],
  ])('told wrongly (%s) is counted from now', async (_name, elapsedMs) => {
    expect(await budgetAfter(elapsedMs)).toBe(1_100);
  });
});

describe('a signed request that comes again', () => {
  const signing = orgWith({ kind: 'hmac', secrets: [sealedAs('key')] });
  const timestamp = String(noon.getTime() / 1000);
  const body = hookBody([oktaEvent('1')]);
  const signed = {
    body,
    headers: { authorization: '', 'x-relay-timestamp': timestamp, 'x-relay-signature': signature('key', timestamp, body) },
  };
  beforeEach(() => orgs.orgs.set(acme.id, signing));

  it('after it was accepted is answered as accepted, and nothing is done with it', async () => {
    expect(await receive(signed)).toMatchObject({ kind: 'accepted' });
    expect(await receive(signed)).toEqual({ kind: 'repeated', org: 'acme' });
    const rewritten = {
      ...signed.headers,
      'x-relay-signature': `v1=${'0'.repeat(64)},${signed.headers['x-relay-signature'].replace(/[a-f]/g, (digit) => digit.toUpperCase())}`,
    };
    expect(await receive({ body, headers: rewritten })).toEqual({ kind: 'repeated', org: 'acme' });
    expect(log.records).toHaveLength(1);
  });

  it('after it was not accepted is worked: a retry must not lose its events', async () => {
    log.health = 'unreachable';
    expect(await receive(signed)).toMatchObject({ kind: 'unavailable' });
    log.health = 'working';
    expect(await receive(signed)).toMatchObject({ kind: 'accepted', changes: 1 });
    expect(log.records).toHaveLength(1);
  });

  it('after it went to quarantine is worked: an operator may have put right what was wrong', async () => {
    orgs.orgs.set(acme.id, { ...signing, hosts: ['other.okta.com'] });
    expect(await receive(signed)).toMatchObject({ kind: 'quarantined', reason: 'source-mismatch' });
    expect(await receive(signed)).toMatchObject({ kind: 'quarantined', reason: 'source-mismatch' });
    expect(quarantine.entries.size).toBe(1);
    orgs.orgs.set(acme.id, signing);
    expect(await receive(signed)).toMatchObject({ kind: 'accepted', changes: 1 });
  });

  it('with the same events and a new signature is worked', async () => {
    await receive(signed);
    const next = String(Number(timestamp) + 1);
    const headers = { authorization: '', 'x-relay-timestamp': next, 'x-relay-signature': signature('key', next, body) };
    expect(await receive({ body, headers })).toMatchObject({ kind: 'accepted' });
  });

  it.each(['unreachable', 'silent'] as const)('is worked while it is %s whether it was accepted, and that is said', async (health) => {
    senders.health = health;
    expect(await receive(signed)).toMatchObject({ kind: 'accepted', unnoted: { code: 'SENDER_STORE_UNAVAILABLE' } });
    expect(await receive(signed)).toMatchObject({ kind: 'accepted' });
    expect(log.records).toHaveLength(2);
  });

  it('is not remembered for a sender with a fixed header: each of its requests looks the same', async () => {
    orgs.orgs.set(acme.id, acme);
    for (let at = 0; at < 2; at += 1) expect(await post(body)).toMatchObject({ kind: 'accepted' });
    expect(log.records).toHaveLength(2);
  });
});

describe('the event hook that a body names', () => {
  const from = (hook: string, uuid = '1') => hookBody([oktaEvent(uuid)], { source: `https://acme.okta.com/api/v1/eventHooks/${hook}` });

  it('is bound to the org by being the first; events of another one are taken, and said', async () => {
    expect(await post(from('who1'))).not.toHaveProperty('unconfirmedHook');
    expect(await post(from('who2', '2'))).toMatchObject({ kind: 'accepted', unconfirmedHook: 'who2' });
    expect(log.changes.map(({ id }) => id)).toEqual(['1', '2']);
  });

  it('goes to quarantine, byte for byte, where the org wants no other than the confirmed ones', async () => {
    orgs.orgs.set(acme.id, { ...acme, hooks: { confirmed: ['who1'], others: 'quarantine' } });
    expect(await post(from('who1'))).toMatchObject({ kind: 'accepted' });
    expect(await post(from('who2'))).toEqual({ kind: 'quarantined', org: 'acme', reason: 'hook-unconfirmed' });
    expect(await post(hookBody([oktaEvent('3')], { source: null }))).toMatchObject({ reason: 'hook-unconfirmed' });
    expect(log.records).toHaveLength(1);
    expect(Buffer.from([...quarantine.entries.values()][0]?.body ?? []).toString()).toBe(from('who2'));
  });

  it('is nobody`s concern where there is none', async () => {
    expect(await post(hookBody([oktaEvent('1')], { source: null }))).not.toHaveProperty('unconfirmedHook');
    expect(await senders.hooks(acme.id)).toEqual([]);
  });

  it('costs no event while it cannot be noted', async () => {
    senders.health = 'unreachable';
    expect(await post(from('who1'))).toMatchObject({ kind: 'accepted', unnoted: { code: 'SENDER_STORE_UNAVAILABLE' } });
  });
});

describe('that an org spoke', () => {
  const heard = async () => (await senders.lastHeard()).map(({ org, at }) => [org, at.toISOString()]);

  it.each([
    ['events', hookBody([oktaEvent('1')])],
    ['what cannot be read', 'not json'],
    ['no events', hookBody([])],
  ])('is noted of %s', async (_name, body) => {
    await post(body);
    expect(await heard()).toEqual([['acme', noon.toISOString()]]);
  });

  it('is noted although nothing can be taken in: it is the relay that is at fault then', async () => {
    log.health = 'unreachable';
    expect(await post(hookBody([oktaEvent('1')]))).toMatchObject({ kind: 'unavailable' });
    expect(await heard()).toHaveLength(1);
  });

  it.each<[string, Given]>([
    ['a wrong secret', { headers: { authorization: 'wrong' }, body: hookBody([oktaEvent('1')]) }],
    ['a challenge', { target: 'challenge', headers: { 'x-okta-verification-challenge': 'c' } }],
    ['another path', { target: 'other-path' }],
  ])('is not noted of %s', async (_name, given) => {
    await receive(given);
    expect(await heard()).toEqual([]);
  });

  it('is said to be unnoted where no hook is named either, and costs no event', async () => {
    senders.health = 'unreachable';
    const body = hookBody([oktaEvent('1')], { source: null });
    expect(await post(body)).toMatchObject({ kind: 'accepted', changes: 1, unnoted: { code: 'SENDER_STORE_UNAVAILABLE' } });
  });
});

it('takes a body of a host that was added after the environment read the org', async () => {
  let nowMs = noon.getTime();
  const now = () => new Date(nowMs);
  const store = new CachedOrgStore(orgs, { now });
  const warm = { orgs: store, hooks: new HookBinding({ orgs: store, seen: senders, now }), now };
  await receive({ target: 'challenge' }, warm);
  orgs.orgs.set(acme.id, { ...acme, hosts: [...acme.hosts, 'new.example.com'] });
  nowMs += 1_000;
  const body = hookBody([oktaEvent('1')], { source: 'https://new.example.com/api/v1/eventHooks/who1' });
  expect(await receive({ body }, warm)).toMatchObject({ kind: 'accepted', changes: 1 });
  orgs.health = 'unreachable';
  nowMs += 1_000;
  const other = hookBody([oktaEvent('2')], { source: 'https://newer.example.com/api/v1/eventHooks/who1' });
  expect(await receive({ body: other }, warm)).toMatchObject({ kind: 'quarantined', reason: 'source-mismatch' });
});

describe('networks that requests may come from', () => {
  const ranges = senderRanges(['192.0.2.0/24']);
  const call = (sourceIp: string | undefined, headers = { authorization: 'right' }) =>
    receiveHook({ ...hookRequest({ headers, body: hookBody([oktaEvent('1')]) }), sourceIp }, { ...parts, senders: ranges });

  it('let in who comes from them and proves himself', async () => {
    expect(await call('192.0.2.1')).toMatchObject({ kind: 'accepted' });
    expect(await call('192.0.2.1', { authorization: 'wrong' })).toEqual({ kind: 'refused' });
  });

  it.each(['198.51.100.1', '', undefined])('refuse %j whatever he proves, as a wrong secret is refused', async (sourceIp) => {
    expect(await call(sourceIp)).toEqual({ kind: 'refused', because: 'address' });
    expect(answerHook({ kind: 'refused', because: 'address' })).toEqual(answerHook({ kind: 'refused' }));
    expect([log.records.length, orgs.reads]).toEqual([0, 0]);
  });
});

describe('a refusal', () => {
  it.each([
    [0, 25],
    [3.2, 21.8],
    [24.9, 0.1],
    [25, 25],
    [61, 14],
  ])('that took %d ms waits %d ms more', async (tookMs, waitsMs) => {
    const waited: number[] = [];
    const times = [1_000, 1_000 + tookMs];
    const refusals = { elapsedMs: () => times.shift() ?? 0, pause: async (ms: number) => void waited.push(ms) };
    expect(await receive({ headers: { authorization: 'wrong' } }, { refusals })).toEqual({ kind: 'refused' });
    expect(waited).toEqual([expect.closeTo(waitsMs, 6)]);
  });

  it('alone waits', async () => {
    const refusals = { elapsedMs: () => 0, pause: () => Promise.reject(new Error('waited')) };
    expect(await receive({ body: hookBody([oktaEvent('1')]) }, { refusals })).toMatchObject({ kind: 'accepted' });
    expect(await receive({ target: 'other-path' }, { refusals })).toMatchObject({ kind: 'other-path' });
  });
});
